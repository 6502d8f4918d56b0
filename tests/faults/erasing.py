"""Somebody's life with the product, and their erasure, over HTTP where people and programs come by it."""

import asyncio
import copy
import http.client
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import select

from audit.models import Outbox, sink_cursor
from audit.sinks.elasticsearch import PREFIX
from audit.sinks.mapping import MAPPING, index_name, quarantine_name
from console.clock import seconds, system_clock
from console.erasure.person import erase_person
from console.erasure.settle import register_of, settle_erasures
from console.questions import Origin
from console.sign_in.admission import start_session
from console.sign_in.providers import dev_issuer
from console.work import UnitOfWork
from sso.claims import IdTokenClaims
from sso.dev.key import load_key
from sso.dev.people import DemoPerson
from sso.dev.tokens import access_claims, confirm, issue_token, sign
from sso.principal import system_principal
from tests.faults.conftest import ROUTE, Installation
from tests.journeys.product import TOO_LATE, UNAVAILABLE, Reply, decided, until
from tests.patience import PATIENCE
from tests.real.elasticsearch import ElasticsearchServer

OK: Final = 200
OWN_INDICES: Final = "guildhall-*"
PERSON = DemoPerson("zelda-quist", 'Zelda "Zè" Quist', "", ("retail",))
MAIL = "zelda.quist@post.example"
ADDRESS, NETWORK_ADDRESS = "203.0.113.77", "127.3.77.9"
AGENT = "Zeppelin-Browser/77"
PURPOSE = "Score the shops of the Quist family"
TRACES = (PERSON.handle, PERSON.name, PERSON.subject, MAIL, ADDRESS, NETWORK_ADDRESS, AGENT, PURPOSE)


@dataclass
class Erasing:
    """What happens to the person, over HTTP where people and programs come by it."""

    product: Installation
    folder: Path

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.product.start()
        try:
            yield
        finally:
            await asyncio.to_thread(self.product.product.close)
            await self.product.services.database.close()
            await self.product.services.log.engine.dispose()
            await self.product.services.keys.close()

    async def live(self) -> UUID:
        """Sign in, ask, be answered, call, be refused, be searched for and exported; return who it was."""
        services, now = self.product.services, seconds(system_clock())
        claims = IdTokenClaims(
            dev_issuer(services.settings),
            PERSON.subject,
            expires=now + 300,
            issued=now,
            handle=PERSON.handle,
            name=PERSON.name,
            email=MAIL,
            given={"groups": list(PERSON.groups)},
        )
        signed_in = await start_session(services, claims, None, Origin("page", ADDRESS, AGENT))
        await asyncio.to_thread(self._act)
        await self.shipped()
        await self.get("auditor", f"/api/v1/audit/events?q={quote(f'actor:{PERSON.handle}')}")
        await self.shipped()
        (self.folder / "out").mkdir()
        token = self._token("auditor")
        exported = await asyncio.to_thread(
            self.product.product.cli, "audit", "export", str(self.folder / "out" / "export"), "--token", token
        )
        assert exported.returncode == 0, exported.stderr
        return signed_in.principal.id

    def _act(self) -> None:
        asked = {"route": ROUTE, "team": "retail", "purpose": PURPOSE, "duration_days": 3}
        request = self._send(PERSON.handle, "POST", "/api/v1/access-requests", asked, 201)
        answer = {
            "decision": "refuse",
            "meaning": f"{PERSON.handle} may not",
            "content_hash": request["content_hash"],
        }
        answer["reason"] = f"{PERSON.name.upper()} asked too early"
        self._send("owner", "POST", f"/api/v1/access-requests/{request['id']}/reviews", answer, 201)
        self._send(
            PERSON.handle, "POST", "/api/v1/access-requests", {**asked, "purpose": f"{PURPOSE}, again"}, 201
        )
        self._send(PERSON.handle, "POST", f"/v2/models/{ROUTE}/infer", {"inputs": []}, 200)
        self._send(PERSON.handle, "POST", "/v2/models/risk.none/infer", {"inputs": []}, 404)
        self._send(PERSON.handle, "GET", f"/api/v1/audit/events?q=actor:{PERSON.handle}", None, 403)

    async def take_receipts(self) -> list[Path]:
        """Fetch the proof of each entry of theirs."""
        receipts = list[Path]()
        for entry in await self.found(f"actor:{PERSON.handle}"):
            answer = await self.get("auditor", f"/api/v1/audit/events/{entry['id']}/proof")
            receipts.append(self.folder / "out" / f"{entry['id']}.tlog-proof")
            receipts[-1].write_text(answer.text, "utf-8")
        return receipts

    async def copy_keys(self) -> None:
        """Copy the key store into the data folder, where copies lie unless another is named."""
        copied = await asyncio.to_thread(self.product.product.cli, "keys", "backup")
        assert copied.returncode == 0, copied.stderr
        assert len(list((self.product.settings.data / "keys" / "backups").iterdir())) == 1

    async def erase(self, person: UUID) -> None:
        """Erase as the execution of an approved change does, in a process of its own beside the product."""
        services = self.product.services
        work = UnitOfWork(services, system_principal("worker"), Origin("process"))
        async with work.write() as session:
            await erase_person(work, session, person)
        await settle_erasures(services)

    async def swept(self) -> None:
        """Wait until the worker has removed what databases keep of old values."""
        register = register_of(self.product.settings)
        await asyncio.to_thread(until, register.is_swept, seconds=60, what="the sweep")

    async def shipped(self) -> None:
        """Wait until nothing waits: the outbox is empty, all is signed, and each sink has it."""
        services = self.product.services
        deadline = system_clock() + 60_000_000
        while system_clock() < deadline:
            async with services.database.read() as session:
                waiting = (await session.exec(select(Outbox.event_id))).first()
            size, signed = await services.log.size(), await services.log.latest_checkpoint()
            async with services.log.engine.connect() as connection:
                cursors = (await connection.execute(sa.select(sink_cursor))).all()
            behind = [one.next_index for one in cursors]
            if not waiting and signed and signed.size == size and len(behind) > 1 and {*behind} == {size}:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"The log of {size} entries is not shipped within 60 s: {signed}, {cursors}.")

    async def found(self, query: str) -> list[dict[str, Any]]:
        """Return what the auditor finds."""
        answer = await self.get("auditor", f"/api/v1/audit/events?q={quote(query)}")
        assert answer.status == OK, answer.text
        items: list[dict[str, Any]] = answer.json["items"]
        return items

    async def get(self, who: str, path: str) -> Reply:
        """Ask the console as one of the demo's people."""
        return await asyncio.to_thread(self.product.product.ask, "GET", path, token=self._token(who))

    def _send(self, who: str, method: str, path: str, body: object, expected: int) -> Any:
        """Have one request answered as expected; one that a late decision refused is sent again."""
        status, text = decided(
            lambda: self._exchange(who, method, path, body),
            lambda said: said[0] == UNAVAILABLE and TOO_LATE in said[1],
        )
        assert status == expected, text
        return json.loads(text)

    def _exchange(self, who: str, method: str, path: str, body: object) -> tuple[int, str]:
        """Send one request, from an address and a program that nobody else has."""
        address = urlsplit(self.product.settings.base_url).netloc
        connection = http.client.HTTPConnection(
            address, timeout=PATIENCE, source_address=(NETWORK_ADDRESS, 0)
        )
        headers = {"Authorization": f"Bearer {self._token(who)}", "Content-Type": "application/json"}
        headers["User-Agent"] = AGENT
        try:
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def _token(self, who: str) -> str:
        key, issuer = self.product.settings.data / "dev-idp.key", dev_issuer(self.product.settings)
        if who != PERSON.handle:
            return issue_token(key, issuer, who, step_up=who == "owner", now=system_clock())
        now = seconds(system_clock())
        return sign(
            load_key(key), access_claims(issuer, confirm(PERSON, step_up=False, now=now), now), "at+jwt"
        )


def documents_in(server: ElasticsearchServer) -> str:
    """Return every document of ours on the server, as text, after it has merged away what was deleted.

    Other tests leave theirs there, under names of their own, by the hundred thousand.
    """
    for act in ("_flush?force=true", "_forcemerge?only_expunge_deletes=true", "_refresh"):
        ask(server, "POST", act)
    search = "_search?size=10000&expand_wildcards=all&track_total_hits=true"
    text = ask(server, "GET", f"{OWN_INDICES}/{search}")
    found = json.loads(text)["hits"]
    assert 0 < found["total"]["value"] == len(found["hits"])
    return text


def refuse_people(server: ElasticsearchServer) -> None:
    """Have an index there whose mapping takes no entry of a person, so that these are set aside."""
    mapping: dict[str, Any] = copy.deepcopy(dict(MAPPING))
    mapping["properties"]["user"]["properties"]["id"] = {"type": "ip"}
    ask(server, "DELETE", f"{index_name(PREFIX, 0)}?ignore_unavailable=true")
    ask(server, "PUT", index_name(PREFIX, 0), {"mappings": mapping})


def set_aside(server: ElasticsearchServer) -> str:
    """Return the documents that were set aside, as text."""
    return ask(server, "GET", f"{quarantine_name(PREFIX)}/_search?size=10000")


def ask(server: ElasticsearchServer, method: str, path: str, body: object = None) -> str:
    """Send one request to Elasticsearch and return the text of its answer."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/{path}", content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    assert answer.status == OK, text
    return text
