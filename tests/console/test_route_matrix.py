"""Every door of the product, asked by everybody: the table says which status each hears.

The table is tests/house/route_matrix.toml. A door without a row fails here, and so does a status that is not
table's. With GUILDHALL_WRITE_MATRIX=all this test writes it anew, with =new only what is missing;
read them before you commit. Bodies are empty and ids nobody's: who passes hears 404 or 422, nothing changes.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from console.app import create_app
from console.asgi import KnownHosts
from console.questions import Origin
from console.serve import own_addresses, surround
from console.services import Services
from console.sign_in.admission import start_session
from console.sign_in.providers import dev_issuer
from sso.claims import IdTokenClaims
from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE, DemoPerson
from sso.dev.tokens import access_claims, confirm, sign
from sso.sessions import csrf_token
from tests.console.one_app import console_on
from tests.house.doors import Door, doors_of

TABLE: Final = Path(__file__).parents[1] / "house" / "route_matrix.toml"
STRANGER: Final = DemoPerson("stranger", "Stranger", "is known and holds nothing", ())
PEOPLE: Final = {"stranger": STRANGER, **DEMO_PEOPLE}
ACTORS: Final = ("anonymous", "stranger", "member", "owner", "reviewer", "auditor", "admin", "key")
WRITE: Final = "GUILDHALL_WRITE_MATRIX"
HEAD: Final = """# Which status everybody hears at every door: tests/console/test_route_matrix.py asks them.
# Bodies are empty and ids nobody's: 404 and 422 are for who passed, 303, 401 and 403 for who did not;
# some forms are read before it is asked who may send them, and say 422 to everybody.
"""
ENDS_SESSIONS: Final = ("/sign-out", "/sessions", "/sessions/end")
"""Doors that end the sessions and tokens of who knocks: asked last."""


@dataclass
class Actor:
    """Somebody at every door: with a session on pages, with a bearer elsewhere."""

    name: str
    services: Services
    client: httpx2.AsyncClient
    key: str = ""

    async def ask(self, door: Door) -> int:
        """Return the status this actor hears; each question is by a session and a token of its own."""
        programs = door.path.startswith(("/api", "/v2", "/log"))
        headers, form = await self._proof(programs=programs)
        rest: dict[str, Any] = {}
        if door.method in {"POST", "PUT"}:
            rest = {"json": {}} if programs else {"data": {"_csrf": form}}
        headers["origin"] = self.services.settings.base_url
        answer = await self.client.request(door.method, door.address, headers=headers, **rest)
        return answer.status_code

    async def _proof(self, *, programs: bool) -> tuple[dict[str, str], str]:
        if self.name == "anonymous":
            return {}, ""
        if self.name == "key":
            return {"authorization": f"Bearer {self.key}"}, ""
        return self._bearer() if programs else await self._cookie()

    def _bearer(self) -> tuple[dict[str, str], str]:
        settings, now = self.services.settings, self.services.clock() // 1_000_000
        signed_in = confirm(PEOPLE[self.name], step_up=False, now=now)
        claims = access_claims(dev_issuer(settings), signed_in, now)
        token = sign(load_key(settings.data / "dev-idp.key"), claims, "at+jwt")
        return {"authorization": f"Bearer {token}"}, ""

    async def _cookie(self) -> tuple[dict[str, str], str]:
        cookie = await come_in(self.services, PEOPLE[self.name])
        return {"cookie": f"guildhall={cookie}"}, csrf_of(self.services, cookie)


async def come_in(services: Services, person: DemoPerson) -> str:
    """Sign somebody in; return the session's cookie."""
    now = services.clock() // 1_000_000
    claims = IdTokenClaims(
        dev_issuer(services.settings),
        person.subject,
        expires=now + 300,
        issued=now,
        handle=person.handle,
        name=person.name,
        given={"groups": list(person.groups)},
    )
    return (await start_session(services, claims, None, Origin("tests"))).session.cookie_value


def csrf_of(services: Services, cookie: str) -> str:
    """Return what a form of this session carries."""
    return csrf_token(cookie, services.csrf_key)


@pytest.fixture
async def actors(services: Services, catalog: object, people: object) -> Any:
    """Everybody, at one assembled product."""
    await come_in(services, STRANGER)
    product = surround(services, "all", console_on(services))
    app = KnownHosts(product, *own_addresses(services.settings))
    transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url=services.settings.base_url) as client:
        yield [Actor(name, services, client, await _key(services, client)) for name in ACTORS]


async def _key(services: Services, client: httpx2.AsyncClient) -> str:
    """Return a key of the demo's member, with the one scope that reads their own rights."""
    headers, _ = await Actor("member", services, client)._proof(programs=True)
    body = {"name": "matrix", "scopes": ["self.read"], "days": 1}
    made = await client.post("/api/v1/keys", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def read_table() -> dict[str, dict[str, int]]:
    return tomllib.loads(TABLE.read_text("utf-8")) if TABLE.exists() else {}


def test_case_49_every_door_has_its_row(services: Services) -> None:
    assert read_table().keys() == {str(door) for door in doors_of(create_app(services))}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_case_49_everybody_hears_at_every_door_what_the_table_says(
    services: Services, actors: list[Actor]
) -> None:
    doors, table, writing = doors_of(create_app(services)), read_table(), os.environ.get(WRITE)
    asked = [door for door in doors if writing != "new" or str(door) not in table]
    found = {
        str(door): {actor.name: await actor.ask(door) for actor in actors}
        for door in sorted(asked, key=_ends_sessions)
    }
    if writing:
        heard = table | found
        TABLE.write_text(HEAD + "".join(_row(str(door), heard[str(door)]) for door in doors), "utf-8")
    assert {name: heard for name, heard in found.items() if read_table().get(name) != heard} == {}


def _row(name: str, heard: dict[str, int]) -> str:
    return f'"{name}" = {{ {", ".join(f"{actor} = {status}" for actor, status in heard.items())} }}\n'


def _ends_sessions(door: Door) -> bool:
    return door.method != "GET" and door.path.endswith(ENDS_SESSIONS)
