"""kill -9 at random moments under load: all the cluster saw was intended, and each intent is one entry."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from audit.body import decode_parts, open_part
from audit.head import Head
from console.gateway.recorder import SPOOL
from tests.console.gateway.conftest import eventually
from tests.console.gateway.records import Kept, Worker, opened, read_spool
from tests.faults.conftest import ROUTE, Installation
from tests.patience import PATIENCE

pytestmark = [pytest.mark.journey, pytest.mark.slow]

KILLS = 10
UNDECIDED = "No decision could be had"
CALLERS = 8
SHORTEST, LONGEST = 0.0, 0.5


@dataclass
class Load:
    """Callers that never stop; each body is its own, so that the cluster's calls can be told apart."""

    installation: Installation
    answered: set[str] = field(default_factory=set)
    sent: int = 0

    async def run(self, token: str) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(self._call_on(token))

    async def flows(self) -> None:
        """Return once calls are answered again."""
        before = len(self.answered)
        await eventually(lambda: len(self.answered) > before)

    async def _call_on(self, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        url = f"{self.installation.settings.base_url}/v2/models/{ROUTE}/infer"
        async with httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http:
            while True:
                self.sent += 1
                try:
                    answer = await http.post(url, content=b'{"id":"%d"}' % self.sent)
                except httpx2.HTTPError:
                    return
                if UNDECIDED in answer.text:  # a busy machine decides late: refused, and asked again
                    continue
                assert (answer.status_code, answer.content) == (200, b"[1]\n")
                self.answered.add(answer.headers["guildhall-audit-id"])


@dataclass(frozen=True)
class Entry:
    """One call as the log holds it."""

    head: Mapping[str, Any]
    request: str


async def test_what_the_cluster_saw_is_intended_and_every_intent_is_one_entry(
    installation: Installation,
) -> None:
    load, intended = Load(installation), dict[str, Kept]()
    chance = random.Random()  # noqa: S311 - any moment will do
    for _ in range(KILLS):
        await installation.start()
        calling = asyncio.create_task(load.run(installation.token()))
        await load.flows()
        await asyncio.sleep(chance.uniform(SHORTEST, LONGEST))  # the moment of the kill, not a wait
        installation.kill()
        await calling
        intended |= {kept.id: kept for kept in read_spool(installation.settings.data / SPOOL)}
        await assert_intended(installation, intended)
    await Worker(installation.services).drain()
    await assert_one_entry_each(installation, load, intended)


async def assert_intended(installation: Installation, left: Mapping[str, Kept]) -> None:
    """What the cluster saw is a subset of the intents, in the log or still in a spool."""
    spooled = {await request_of(installation, kept) for kept in left.values()}
    logged = {entry.request for entry in await entries(installation)}
    assert seen_by(installation) <= spooled | logged


async def assert_one_entry_each(installation: Installation, load: Load, intended: Mapping[str, Kept]) -> None:
    logged = await entries(installation)
    outcomes = {entry.head["id"]: entry.head["outcome"] for entry in logged}
    assert len(outcomes) == len(logged)
    assert intended.keys() <= outcomes.keys()
    requests = Counter(entry.request for entry in logged)
    assert set(requests.values()) == {1}
    assert seen_by(installation) <= requests.keys()
    # A caller that has its answer finds the call in the log as a success, though the process died at once.
    assert {outcomes[one] for one in load.answered} == {"success"}
    assert set(outcomes.values()) <= {"success", "unknown", "failure"}
    assert "unknown" in outcomes.values()
    numbers = await numbers_of_gateways(installation)
    assert len(numbers) == KILLS
    assert all(sorted(found) == list(range(len(found))) for found in numbers.values())


async def numbers_of_gateways(installation: Installation) -> dict[str, list[int]]:
    """Return the numbers each gateway's records have in the log: its calls, and what its spool told."""
    log, numbers = installation.services.log, dict[str, list[int]]()
    for stored in await log.entries(range(await log.size())):
        head = Head.parse(stored.head)
        if head.producer.startswith("gateway-"):
            numbers.setdefault(head.producer, []).append(head.number)
    return numbers


def seen_by(installation: Installation) -> set[str]:
    return {hashlib.sha256(seen.body).hexdigest() for seen in installation.cluster.requests if seen.body}


async def request_of(installation: Installation, kept: Kept) -> str:
    (call,) = [part for part in kept.parts if part.name == "call"]
    return str((await opened(installation.services, call))["sha256"])


async def entries(installation: Installation) -> list[Entry]:
    services, found = installation.services, list[Entry]()
    key = await services.keys.find(None)
    for stored in await services.log.entries(range(await services.log.size())):
        head = Head.parse(stored.head).to_dict()
        if head["action"] == "model.invoke":
            parts = decode_parts(await services.log.body(stored.index) or b"[]")
            (call,) = [open_part(part, key) for part in parts if part.name == "call"]
            found.append(Entry(head, str(call["sha256"])))
    return found
