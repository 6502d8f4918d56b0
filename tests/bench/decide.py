"""What a decision costs: reused, by the embedded engine, and by an OPA server beside a bare call to it."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from uuid_utils.compat import uuid7

from console import runtime
from console.freshness.remembered import Remembered
from console.gateway.reuse import rule
from console.gateway.routing import Evaluated
from console.gateway.table import match
from console.models import DataClass, Model, Route, Tier, Visibility
from console.services import Services
from policy.bundles import write_bundle
from policy.decision import Entrypoint
from policy.embedded import EmbeddedDecider
from policy.facts import describe_context, describe_route, describe_subject
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from policy.opa import _QUERY, OpaAddress, OpaDecider
from sso.models import Team
from sso.principal import Authentication, Principal
from tests.bench.authenticate import _services
from tests.bench.result import Result, Row, median_row
from tests.real.opa import OpaServer

ROUNDS, REUSED, EVALUATED = 7, 3_000, 200
REUSED_FLOOR, EMBEDDED_FLOOR, OPA_FLOOR = 20.0, 1.5, 1.5
TICKS = os.sysconf("SC_CLK_TCK")
Ask = Callable[[], Awaitable[object]]


def measure() -> Result:
    """Measure each way of deciding."""
    return Result("decide", runtime.run(_measure()))


async def _measure() -> list[Row]:
    async with _services() as services:
        reused = await _reused(services)
    return [
        median_row(
            "processor time of a reused decision",
            "µs",
            reused,
            REUSED_FLOOR,
            REUSED_FLOOR / 2,
            lower_is_better=True,
        ),
        *await _engines(),
    ]


async def _reused(services: Services) -> list[float]:
    found = match("POST", "/v2/models/retail.bench/infer")
    assert found is not None
    principal = await _granted(services)
    remembered: Remembered[Evaluated] = Remembered(services.feed, services.clock)

    async def ask() -> None:
        ruling = await rule(services, remembered, principal, found)
        assert ruling.allowed

    await ask()
    return [await _processor(ask) for _ in range(ROUNDS)]


async def _processor(ask: Ask) -> float:
    await ask()
    began = time.process_time()
    for _ in range(REUSED):
        await ask()
    return (time.process_time() - began) / REUSED * 1e6


async def _granted(services: Services) -> Principal:
    """Make a route and grant it to somebody."""
    person, now = uuid7(), services.clock()
    async with services.database.write() as session:
        team = Team(name="bench", created=now)
        session.add(team)
        await session.flush()
        model = Model(
            team_id=team.id,
            namespace="retail",
            name="bench",
            title="Bench",
            summary="",
            task="",
            purpose="",
            card="{}",
            visibility=Visibility.LISTED,
            tier=Tier.LOW,
            data_class=DataClass.INTERNAL,
            created=now,
        )
        session.add(model)
        await session.flush()
        route = Route(name="retail.bench", model_id=model.id, created=now)
        session.add(route)
        change = Change(
            id=uuid7(),
            kind=ChangeKind.ACCESS,
            resource_type="route",
            resource_id=route.id,
            requester_id=person,
            content="{}",
            content_hash="0" * 64,
            state=ChangeState.APPROVED,
            required="[]",
            policy_revision="0" * 64,
            created=now,
        )
        session.add(change)
        await session.flush()
        session.add(_grant(person, route.id, change.id, now))
    proof = Authentication("bearer", "https://idp.example", "s", token_id="t", expires=now // 10**6 + 3600)
    return Principal(person, "person", "s", "S", proof)


def _grant(person: UUID, route: UUID, change: UUID, now: int) -> Grant:
    return Grant(
        id=uuid7(),
        principal_type=PrincipalType.PERSON,
        principal_id=person,
        permission="model.invoke",
        resource_type="route",
        resource_id=route,
        change_id=change,
        starts=now,
        ends=now + 3600 * 10**6,
    )


def question() -> dict[str, Any]:
    """A call by a member of three teams, two of which hold a grant."""
    route = describe_route(
        id=UUID(int=1), name="risk.m", team="risk", visibility="listed", tier="high", data_class="personal"
    )
    subject = describe_subject(
        id=UUID(int=2), kind="person", method="bearer", teams=["retail", "fraud", "health"], acr="1"
    )
    grants = [
        {
            "id": f"g{name}",
            "permission": "model.invoke",
            "principal_type": "team",
            "principal_id": name,
            "resource_id": str(UUID(int=1)),
            "starts": 1,
            "ends": 10**10,
        }
        for name in ("retail", "fraud")
    ]
    context = describe_context(now=1_800_000_000, allowed_acr=["gold"], profile="production")
    asked = {"subject": subject, "action": "model.invoke", "resource": route, "grants": grants}
    return {"v": 1, **asked, "context": context}


async def _engines() -> list[Row]:
    document, embedded = question(), EmbeddedDecider(decision_seconds=10)
    async with _opa() as url, aiohttp.ClientSession() as session:
        opa = OpaDecider(OpaAddress(url), timeout=10)
        body, bare_url = json.dumps({"input": document}).encode(), f"{url}/v1/data/{Entrypoint.DECISION}"

        async def bare() -> object:
            headers = {"content-type": "application/json"}
            async with session.post(bare_url, data=body, params=_QUERY, headers=headers) as answer:
                return await answer.json()

        asks: dict[str, Ask] = {
            "embedded": lambda: embedded.evaluate(Entrypoint.DECISION, document),
            "opa": lambda: opa.evaluate(Entrypoint.DECISION, document),
            "bare": bare,
        }
        await asks["embedded"]()
        used = _processor_of(embedded.pid)
        rounds = [await _interleaved(asks) for _ in range(ROUNDS)]
        used = (_processor_of(embedded.pid) - used) / (ROUNDS * EVALUATED) * 1e3
        await opa.close()
    await embedded.close()
    worker = Row("processor time of an embedded evaluation", round(used, 4), "ms", [], lower_is_better=True)
    return [*_rows(rounds), worker]


def _processor_of(pid: int | None) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:13]) / TICKS


async def _interleaved(asks: dict[str, Ask]) -> dict[str, float]:
    """Return each way's median in milliseconds; they take turns, so that what disturbs one disturbs all."""
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(EVALUATED):
        for name, ask in asks.items():
            began = time.perf_counter()
            await ask()
            taken[name].append((time.perf_counter() - began) * 1e3)
    return {name: statistics.median(times) for name, times in taken.items()}


def _rows(rounds: list[dict[str, float]]) -> list[Row]:
    embedded, opa, bare = ([one[name] for one in rounds] for name in ("embedded", "opa", "bare"))
    ratios = [ours / theirs for ours, theirs in zip(opa, bare, strict=True)]
    return [
        median_row("p50 of the embedded engine", "ms", embedded, EMBEDDED_FLOOR, lower_is_better=True),
        median_row("p50 of the OPA server", "ms", opa, lower_is_better=True),
        median_row("p50 of a bare HTTP call to it", "ms", bare, lower_is_better=True),
        median_row("OPA server ÷ bare HTTP call", "ratio", ratios, OPA_FLOOR, lower_is_better=True),
    ]


@asynccontextmanager
async def _opa() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        bundle.mkdir()
        write_bundle(bundle)
        server = OpaServer(bundle)
        await asyncio.to_thread(server.start)
        try:
            yield server.url
        finally:
            await asyncio.to_thread(server.close)
