"""The same flood over HTTP at the running product: nobody else is refused, and the log grows by little.

Four people call what they may not, and strangers come with keys that are none, as fast as they are answered;
a fifth person calls a model they may call, one call after the other.
"""

import asyncio
import itertools
import math
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from console import runtime
from console.clock import system_clock
from console.sign_in.providers import dev_issuer
from sso.dev.tokens import issue_token
from tests.bench.result import ROOT, Result, Row
from tests.faults.conftest import ROUTE, Installation, open_installation

FULL_SECONDS = 600
REFUSED = ("owner", "reviewer", "auditor", "admin")
STRANGERS = 2
MOST_ENTRIES_A_MINUTE = len(REFUSED) * 21 + 40
"""Of each of them twenty and a summary; one for the strangers; a census, and what the log says of itself."""
SLOWEST_SECONDS = 5.0
UNAUTHORIZED, NOT_FOUND, OK = 401, 404, 200


@dataclass
class Served:
    """What was answered, by whom it was asked."""

    installation: Installation
    end: float
    refused: int = 0
    strangers: int = 0
    calls: int = 0
    failed: int = 0
    slowest: float = 0.0
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, person: str) -> str:
        """Return an access token that is good for a minute at least."""
        key, issuer = self.installation.settings.data / "dev-idp.key", dev_issuer(self.installation.settings)
        return issue_token(key, issuer, person, step_up=False, now=system_clock())

    async def refuse(self, person: str) -> None:
        """Call what is not there for them, until the end."""
        async with self._client() as http:
            while time.monotonic() < self.end:
                bearer = {"authorization": f"Bearer {self.token(person)}"}
                for _ in range(50):
                    answer = await http.post("/v2/models/risk.none/infer", content=b"{}", headers=bearer)
                    assert answer.status_code == NOT_FOUND, answer.text
                    self.refused += 1

    async def knock(self) -> None:
        """Come with another key that is none each time, until the end."""
        async with self._client() as http:
            for number in itertools.count():
                if time.monotonic() > self.end:
                    return
                bearer = {"authorization": f"Bearer none-{number}"}
                answer = await http.post(f"/v2/models/{ROUTE}/infer", content=b"{}", headers=bearer)
                assert answer.status_code == UNAUTHORIZED, answer.text
                self.strangers += 1

    async def call(self) -> None:
        """Call what one may call, one after the other, until the end."""
        async with self._client() as http:
            while time.monotonic() < self.end:
                bearer = {"authorization": f"Bearer {self.token('member')}"}
                before = time.perf_counter()
                answer = await http.post(f"/v2/models/{ROUTE}/infer", content=b"{}", headers=bearer)
                self.slowest = max(self.slowest, time.perf_counter() - before)
                self.calls += 1
                self.failed += answer.status_code != OK

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.installation.settings.base_url, timeout=60)


def measure(seconds: float = FULL_SECONDS) -> Result:
    """Flood for so long; then say who was refused, and by how much the log grew."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        served, grown = runtime.run(flood(Path(scratch), seconds))
    others, most = grown - served.calls, (math.ceil(seconds / 60) + 1) * MOST_ENTRIES_A_MINUTE
    return Result(
        "flood-served",
        [
            _row("refusals of people", served.refused, "", 1_000, lower=False),
            _row("refusals of strangers", served.strangers, "", 1_000, lower=False),
            _row("calls of somebody else", served.calls, "", 100, lower=False),
            _row("of them not answered with 200", served.failed, "", 0),
            _row("slowest of them", round(served.slowest, 3), "s", SLOWEST_SECONDS),
            _row("entries beside those calls", others, "entries", most),
        ],
    )


def _row(what: str, value: float, unit: str, floor: float, *, lower: bool = True) -> Row:
    return Row(what, value, unit, [value], floor, lower_is_better=lower)


async def flood(folder: Path, seconds: float) -> tuple[Served, int]:
    """Return what was answered, and by how many entries the log grew until all of it was in the log."""
    async with open_installation(folder) as installation:
        await installation.start()
        before = await installation.services.log.size()
        served = Served(installation, time.monotonic() + seconds)
        async with asyncio.TaskGroup() as group:
            for person in REFUSED:
                group.create_task(served.refuse(person))
            for _ in range(STRANGERS):
                group.create_task(served.knock())
            group.create_task(served.call())
        await asyncio.to_thread(installation.product.close)  # it writes its last summaries when it ends
        return served, await installation.services.log.size() - before
