"""A plan of several slices: whoever leaves meanwhile is out at once, and no older reading undoes it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlmodel import select

from console.directory import carrying
from console.directory.applying import AT_ONCE, Applied, apply_slice
from console.directory.carrying import Carried, carry_out
from console.directory.comparing import compare, read_known
from console.directory.keeping import directory_work
from console.directory.looking import Meanwhile
from console.services import Services
from console.work import UnitOfWork
from sso.keycloak.events import AdminEvent, Seen, affected
from sso.models import Identity, Person, PersonState
from sso.syncing.plan import PersonChange, Plan
from sso.syncing.snapshot import DirectoryPerson, Snapshot
from tests.console.directory.scene import SETTINGS, add_rules, somebody, sync, teams_of

SLICES = 3
LAST = f"person-{SLICES * AT_ONCE - 1:03d}"


@pytest.fixture(autouse=True)
async def rules(services: Services, teams: dict[str, UUID]) -> None:
    await add_rules(services, teams)


def everybody() -> list[DirectoryPerson]:
    return [somebody(f"person-{place:03d}", "/risk") for place in range(SLICES * AT_ONCE)]


async def plan_of(services: Services, people: list[DirectoryPerson]) -> Plan:
    snapshot = Snapshot(SETTINGS.known_as, {one.subject: one for one in people})
    return compare(SETTINGS, snapshot, await read_known(services, SETTINGS, None))


@dataclass
class Directory:
    """Somewhere people leave: a look brings in line whom an event tells of, as they are now."""

    services: Services
    news: list[tuple[AdminEvent, DirectoryPerson | None]] = field(default_factory=list)

    async def look(self) -> Seen:
        news, self.news = self.news, []
        people = [person for _, person in news if person is not None]
        await sync(self.services, *people)
        return Seen(admin=tuple(event for event, _ in news))

    async def concerned(self, seen: Seen) -> set[str]:
        return set(affected(seen.admin))

    def leave(self, subject: str) -> None:
        event = AdminEvent(subject, 0, "UPDATE", "USER", f"users/{subject}")
        self.news.append((event, somebody(subject, "/risk", enabled=False)))

    def rename_a_group(self) -> None:
        self.news.append((AdminEvent("group", 0, "UPDATE", "GROUP", "groups/one"), None))

    def meanwhile(self) -> Meanwhile:
        return Meanwhile(self.look, self.concerned, 0)


async def state_of(services: Services, subject: str) -> PersonState | None:
    async with services.database.read() as session:
        of = select(Identity.person_id).where(Identity.subject == subject)
        person = (await session.exec(of)).one_or_none()
        return (await session.get_one(Person, person)).state if person else None


@dataclass
class Held:
    """Slices of which the second waits until the test lets it go on; how the last person was before each."""

    services: Services
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    sizes: list[int] = field(default_factory=list)
    states: list[PersonState | None] = field(default_factory=list)

    async def apply(self, work: UnitOfWork, issuer: str, changes: Sequence[PersonChange]) -> Applied:
        self.sizes.append(len(changes))
        self.states.append(await state_of(self.services, LAST))
        if len(self.sizes) == 2:
            self.begun.set()
            await self.free.wait()
        return await apply_slice(work, issuer, changes)


@pytest.fixture
def held(services: Services, monkeypatch: pytest.MonkeyPatch) -> Held:
    found = Held(services)
    monkeypatch.setattr(carrying, "apply_slice", found.apply)
    return found


async def carried_while(
    services: Services, held: Held, directory: Directory, meanwhile: Callable[[], Awaitable[None]]
) -> Carried:
    """Carry out a plan for everybody; while its second slice is held, do something else."""
    plan = await plan_of(services, everybody())
    carrying_out = asyncio.ensure_future(carry_out(directory_work(services), plan, directory.meanwhile()))
    await held.begun.wait()
    await meanwhile()
    held.free.set()
    return await carrying_out


async def test_whoever_is_disabled_meanwhile_is_out_before_the_next_slice_and_stays_out(
    services: Services, held: Held
) -> None:
    await sync(services, somebody(LAST, "/risk", name="As they were called"))
    directory = Directory(services)

    async def leave() -> None:
        directory.leave(LAST)

    done = await carried_while(services, held, directory, leave)
    assert held.states == [PersonState.ACTIVE, PersonState.ACTIVE, PersonState.DISABLED]
    assert held.sizes == [AT_ONCE, AT_ONCE, AT_ONCE - 1]
    assert done == Carried(Applied(people=SLICES * AT_ONCE - 1))
    assert await state_of(services, LAST) is PersonState.DISABLED
    assert await teams_of(services, LAST) == set()


async def test_whoever_is_new_and_disabled_meanwhile_does_not_come(services: Services, held: Held) -> None:
    directory = Directory(services)

    async def leave() -> None:
        directory.leave(LAST)

    await carried_while(services, held, directory, leave)
    assert await state_of(services, LAST) is None
    assert await state_of(services, "person-000") is PersonState.ACTIVE


async def test_a_group_that_moves_ends_it_so_that_nobody_gets_what_is_no_longer_so(
    services: Services, held: Held
) -> None:
    directory = Directory(services)

    async def move() -> None:
        directory.rename_a_group()

    done = await carried_while(services, held, directory, move)
    assert done == Carried(Applied(people=2 * AT_ONCE), left=AT_ONCE)
    assert await state_of(services, LAST) is None


async def test_what_takes_away_comes_first(services: Services, held: Held, teams: dict[str, UUID]) -> None:
    await sync(services, somebody(LAST, "/risk", "/retail"))
    found: list[set[UUID]] = []

    async def look() -> None:
        found.append(await teams_of(services, LAST))

    await carried_while(services, held, Directory(services), look)
    assert found == [{teams["risk"]}]
