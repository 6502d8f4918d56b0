"""How long a right outlives its end, wherever it is used: from the commit that ends it to the first refusal.

One process serves, another takes the right away, as the worker, SCIM or another console would.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from sqlmodel import col, delete

from audit.events import Action
from console import runtime
from console.keys.ending import end_key
from console.models import Route, RouteState
from console.people.leaving import disable_person
from console.sign_in.ending import end_by_provider
from console.work import UnitOfWork
from policy.models import Grant
from sso import sessions
from sso.logout_token import LogoutClaims
from sso.models import ApiKey, Membership
from sso.principal import system_principal
from sso.sessions import hash_cookie
from tests.bench.result import Result, Row
from tests.console.begun import TESTS
from tests.console.conftest import START
from tests.soak.revocation_site import OPEN, SHUT, Caller, Site, open_site

FULL_TRIALS: Final = 100
MOST_SECONDS: Final = 5.0
GIVE_UP_SECONDS: Final = 60.0
INFER: Final = "/v2/models/risk.credit-default/infer"
Act = Callable[[Site, Caller], Awaitable[object]]


def _work(site: Site) -> UnitOfWork:
    return UnitOfWork(site.elsewhere, system_principal("soak"), TESTS)


async def _revoke_session(site: Site, caller: Caller) -> None:
    async with site.elsewhere.database.write() as session:
        await sessions.revoke(session, hash_cookie(caller.cookie), site.elsewhere.clock(), "ended_by_admin")


async def _sign_out_everywhere(site: Site, caller: Caller) -> None:
    async with site.elsewhere.database.write() as session:
        await sessions.revoke_all_of(session, caller.id, site.elsewhere.clock() + 1_000_000, "everywhere")


async def _back_channel(site: Site, caller: Caller) -> None:
    issuer = site.elsewhere.sign_in.default
    claims = LogoutClaims(issuer, caller.sid, START // 1_000_000 + 10**6, caller.subject, caller.sid)
    await end_by_provider(site.elsewhere, claims, TESTS)


async def _disable(site: Site, caller: Caller) -> None:
    work = _work(site)
    async with work.write() as session:
        await disable_person(work, session, caller.id, "scim_deactivated")


async def _revoke_key(site: Site, caller: Caller) -> None:
    work = _work(site)
    async with work.write() as session:
        key = await session.get_one(ApiKey, caller.key_id)
        await end_key(work, session, key, "leaked", Action.KEY_REVOKE, coded=True)


async def _revoke_grant(site: Site, caller: Caller) -> None:
    async with site.elsewhere.database.write() as session:
        (await session.get_one(Grant, caller.grant)).revoked_at = site.elsewhere.clock()


async def _lower_role(site: Site, caller: Caller) -> None:
    async with site.elsewhere.database.write() as session:
        await session.exec(delete(Membership).where(col(Membership.id) == caller.membership))


async def _stop_route(site: Site, caller: Caller) -> None:
    async with site.elsewhere.database.write() as session:
        (await session.get_one(Route, site.desk.catalog.credit.id)).state = RouteState.STOPPED


async def _start_route(site: Site) -> None:
    async with site.elsewhere.database.write() as session:
        (await session.get_one(Route, site.desk.catalog.credit.id)).state = RouteState.ACTIVE


@dataclass(frozen=True)
class PathOut:
    """One way in which a right ends, and where its end has to be noticed."""

    act: Act
    surfaces: tuple[str, ...]
    by_team: bool = False


EVERYWHERE: Final = ("page", "API", "call", "open answer")
PATHS: Final[Mapping[str, PathOut]] = {
    "session revoked": PathOut(_revoke_session, ("page",)),
    "signed out everywhere": PathOut(_sign_out_everywhere, EVERYWHERE),
    "back-channel logout": PathOut(_back_channel, ("page",)),
    "person deactivated": PathOut(_disable, (*EVERYWHERE, "call by key", "open answer by key")),
    "key revoked": PathOut(_revoke_key, ("call by key", "open answer by key")),
    "grant revoked": PathOut(_revoke_grant, ("call", "open answer", "call by key", "open answer by key")),
    "role lowered": PathOut(_lower_role, ("call", "open answer"), by_team=True),
    "route stopped": PathOut(_stop_route, ("call", "open answer")),
}


def measure(trials: int = FULL_TRIALS) -> Result:
    """Measure every path."""
    with tempfile.TemporaryDirectory() as folder:
        found = runtime.run(measure_paths(Path(folder), trials))
    rows = [row(*one) for one in found.items()]
    return Result("revocation", rows)


def row(what: str, seconds: list[float]) -> Row:
    """Return the row of one path and surface: the 99th of a hundred, with all of them."""
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    shown = [round(value, 3) for value in seconds]
    return Row(f"{what}: p99", round(late, 3), "s", shown, MOST_SECONDS, 1.0, lower_is_better=True)


async def measure_paths(folder: Path, trials: int) -> dict[str, list[float]]:
    """Return the seconds of every trial, by path and surface."""
    found: dict[str, list[float]] = {}
    async with open_site(folder) as site:
        for name, path in PATHS.items():
            for _ in range(trials):
                for surface, seconds in (await attempt(site, path)).items():
                    found.setdefault(f"{name}, {surface}", []).append(seconds)
    return found


async def attempt(site: Site, path: PathOut) -> dict[str, float]:
    """Let somebody come in, take their right away, and return the seconds until each surface refuses."""
    caller = await site.arrive(by_team=path.by_team)
    async with contextlib.AsyncExitStack() as held:
        waiting = {
            surface: await held.enter_async_context(
                SURFACES[surface.removesuffix(" by key")](site, caller, surface)
            )
            for surface in path.surfaces
        }
        await path.act(site, caller)
        told = time.monotonic()
        async with asyncio.timeout(GIVE_UP_SECONDS):
            ends = await asyncio.gather(*(refused() for refused in waiting.values()))
    if path.act is _stop_route:
        await _start_route(site)
    return {surface: max(0.0, end - told) for surface, end in zip(waiting, ends, strict=True)}


Refused = Callable[[], Awaitable[float]]


def _headers(caller: Caller, surface: str) -> dict[str, str]:
    return {"authorization": f"Bearer {caller.key if surface.endswith('by key') else caller.token}"}


@contextlib.asynccontextmanager
async def _page(site: Site, caller: Caller, _surface: str) -> AsyncIterator[Refused]:
    headers = {"cookie": f"guildhall={caller.cookie}"}
    yield await _repeated(site, lambda: site.http.get("/me", headers=headers))


@contextlib.asynccontextmanager
async def _api(site: Site, caller: Caller, surface: str) -> AsyncIterator[Refused]:
    yield await _repeated(site, lambda: site.http.get("/api/v1/me", headers=_headers(caller, surface)))


@contextlib.asynccontextmanager
async def _call(site: Site, caller: Caller, surface: str) -> AsyncIterator[Refused]:
    headers = _headers(caller, surface)
    yield await _repeated(site, lambda: site.http.post(INFER, content=SHUT, headers=headers))


async def _repeated(site: Site, ask: Callable[[], Awaitable[httpx2.Response]]) -> Refused:
    for _ in range(2):  # so that it is remembered
        answer = await ask()
        assert answer.status_code == httpx2.codes.OK, answer.text

    async def refused() -> float:
        while (await ask()).status_code == httpx2.codes.OK:  # noqa: ASYNC110 - refusals are asked for
            await asyncio.sleep(site.look_every)
        return time.monotonic()

    return refused


@contextlib.asynccontextmanager
async def _open(site: Site, caller: Caller, surface: str) -> AsyncIterator[Refused]:
    call = site.http.stream("POST", INFER, content=OPEN, headers=_headers(caller, surface))
    async with call as answer:
        assert answer.status_code == httpx2.codes.OK, (await answer.aread()).decode()
        pieces = answer.aiter_raw()
        assert await anext(pieces)

        async def refused() -> float:
            with contextlib.suppress(httpx2.HTTPError):
                async for _ in pieces:
                    pass
            return time.monotonic()

        yield refused


SURFACES: Final = {"page": _page, "API": _api, "call": _call, "open answer": _open}
