"""A run from its reading to its end, while the realm goes on changing."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import pytest
from keycloak import KeycloakAdmin
from sqlmodel import select

from console.directory import carrying
from console.directory.applying import AT_ONCE, Applied, apply_slice
from console.directory.keeping import next_run
from console.directory.looking import Meanwhile
from console.directory.polling import concerned, poll
from console.directory.running import LEFT, run_full
from console.services import Services
from console.work import UnitOfWork
from sso.models import DirectoryRun, Identity, RunState
from sso.syncing.plan import PersonChange
from tests.console.directory.told_realm import HERE, ToldRealm

SETTINGS = ToldRealm.settings(HERE)
SLICES = 3


@pytest.fixture
def realm() -> ToldRealm:
    return ToldRealm.sized(SLICES * AT_ONCE, 60, 2 * SLICES * AT_ONCE)


@pytest.fixture
async def admin(realm: ToldRealm) -> AsyncIterator[KeycloakAdmin]:
    async with realm.opened() as opened:
        yield opened


async def run(services: Services, admin: KeycloakAdmin) -> DirectoryRun:
    meanwhile = Meanwhile(partial(poll, services, SETTINGS, admin), partial(concerned, admin), 0)
    due = await next_run(services, SETTINGS)
    assert due is not None
    return await run_full(services, SETTINGS, admin, due, meanwhile)


def during_first_slice(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> None:
    begun: list[int] = []

    async def apply(work: UnitOfWork, issuer: str, changes: Sequence[PersonChange]) -> Applied:
        begun.append(len(changes))
        if len(begun) == 1:
            do()
        return await apply_slice(work, issuer, changes)

    monkeypatch.setattr(carrying, "apply_slice", apply)


async def subjects(services: Services) -> set[str]:
    async with services.database.read() as session:
        return set(await session.exec(select(Identity.subject).where(Identity.issuer == SETTINGS.known_as)))


async def test_whoever_is_disabled_there_while_a_plan_is_carried_out_does_not_come(
    services: Services, realm: ToldRealm, admin: KeycloakAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = list(realm.users)[-1]
    during_first_slice(monkeypatch, lambda: realm.disable(last, services.clock() // 1_000))
    done = await run(services, admin)
    assert (done.state, done.reason, done.people) == (RunState.DONE, None, SLICES * AT_ONCE)
    assert await subjects(services) == realm.users.keys() - {last}
    assert await next_run(services, SETTINGS) is None


async def test_groups_that_move_while_a_plan_is_carried_out_make_everybody_be_read_again(
    services: Services, realm: ToldRealm, admin: KeycloakAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = partial(realm.tell, "UPDATE", "GROUP", "groups/one", services.clock() // 1_000)
    during_first_slice(monkeypatch, moved)
    done = await run(services, admin)
    assert (done.state, done.reason) == (RunState.DONE, LEFT.format(left=(SLICES - 1) * AT_ONCE))
    assert len(await subjects(services)) == AT_ONCE
    again = await run(services, admin)
    assert (again.state, again.reason) == (RunState.DONE, None)
    assert await subjects(services) == realm.users.keys()
    assert await next_run(services, SETTINGS) is None
