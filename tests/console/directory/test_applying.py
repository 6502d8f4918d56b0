from uuid import UUID

import pytest
from sqlmodel import select

from audit.events import Action
from audit.models import Outbox
from audit.record import Record
from console.directory.keeping import directory_work
from console.people.leaving import disable_person, enable_person
from console.services import Services
from console.unexplained.comparison import Comparison
from sso.models import Membership, Person, PersonState, Profile, Source, TeamRole
from tests.console.directory.scene import add_rules, person_of, somebody, sync, teams_of


@pytest.fixture(autouse=True)
async def rules(services: Services, teams: dict[str, UUID]) -> None:
    await add_rules(services, teams)


async def actions(services: Services) -> list[str]:
    async with services.database.read() as session:
        rows = await session.exec(select(Outbox.record).order_by(Outbox.event_id))  # type: ignore[arg-type]
        return [str(Record.from_bytes(row).head_fields["action"]) for row in rows]


async def test_new_people_come_with_one_event_each_that_explains_every_row(
    services: Services, teams: dict[str, UUID]
) -> None:
    before = await Comparison(services).findings()
    done = await sync(services, somebody("ada", "/risk", "/retail"), somebody("bob"))
    assert (done.people, done.overtaken) == (2, 0)
    assert await teams_of(services, "ada") == {teams["risk"], teams["retail"]}
    assert (await actions(services)).count(Action.PERSON_CREATE) == 2
    assert len(await Comparison(services).findings()) == len(before)


async def test_a_second_sync_of_the_same_changes_nothing(services: Services) -> None:
    await sync(services, somebody("ada", "/risk"))
    told = len(await actions(services))
    assert (await sync(services, somebody("ada", "/risk"))).people == 0
    assert len(await actions(services)) == told


async def test_leaving_a_group_takes_the_membership_and_is_recorded_with_its_row(
    services: Services, teams: dict[str, UUID]
) -> None:
    before = await Comparison(services).findings()
    await sync(services, somebody("ada", "/risk", "/retail"))
    await sync(services, somebody("ada", "/retail"))
    assert await teams_of(services, "ada") == {teams["retail"]}
    assert (await actions(services))[-1] == Action.PERSON_SYNC
    assert len(await Comparison(services).findings()) == len(before)


async def test_rows_of_other_sources_are_never_touched(services: Services, teams: dict[str, UUID]) -> None:
    await sync(services, somebody("ada", "/risk"))
    ada = await person_of(services, "ada")
    async with services.database.write() as session:
        session.add(
            Membership(person_id=ada, team_id=teams["risk"], role=TeamRole.MEMBER, managed_by=Source.MANUAL)
        )
    await sync(services, somebody("ada"))
    assert await teams_of(services, "ada") == {teams["risk"]}


async def test_a_disabled_person_is_disabled_here_and_comes_back_with_what_they_are_now(
    services: Services, teams: dict[str, UUID]
) -> None:
    await sync(services, somebody("ada", "/risk"))
    await sync(services, somebody("ada", "/risk", enabled=False))
    assert await state_of(services, "ada") is PersonState.DISABLED
    assert await teams_of(services, "ada") == set()
    await sync(services, somebody("ada", "/retail"))
    assert await state_of(services, "ada") is PersonState.ACTIVE
    assert await teams_of(services, "ada") == {teams["retail"]}
    assert await Comparison(services).findings() == await unexplained_rules(services)


async def test_whom_somebody_else_disabled_stays_out(services: Services) -> None:
    await sync(services, somebody("ada", "/risk"))
    async with services.database.write() as session:
        person = await session.get_one(Person, await person_of(services, "ada"))
        person.state = PersonState.DISABLED
    await sync(services, somebody("ada", "/retail"))
    assert await state_of(services, "ada") is PersonState.DISABLED


async def test_whom_an_admin_let_in_and_disabled_again_stays_out(services: Services) -> None:
    await sync(services, somebody("ada", "/risk"))
    await sync(services, somebody("ada", "/risk", enabled=False))
    ada, work = await person_of(services, "ada"), directory_work(services)
    async with work.write() as session:
        assert await enable_person(work, session, ada, "enabled_by_hand")
    async with work.write() as session:
        assert await disable_person(work, session, ada, "disabled_by_hand")
    await sync(services, somebody("ada", "/risk"))
    assert await state_of(services, "ada") is PersonState.DISABLED


async def test_people_of_one_name_get_handles_of_their_own(services: Services) -> None:
    await sync(services, somebody("ada@one.example"), somebody("ada@two.example"))
    async with services.database.read() as session:
        assert set(await session.exec(select(Profile.handle))) == {"ada", "ada-2"}


async def test_a_name_that_changed_there_changes_here(services: Services) -> None:
    await sync(services, somebody("ada"))
    await sync(services, somebody("ada", name="Ada Lovelace"))
    async with services.database.read() as session:
        assert (await session.exec(select(Profile.name))).one() == "Ada Lovelace"


async def state_of(services: Services, subject: str) -> PersonState:
    async with services.database.read() as session:
        return (await session.get_one(Person, await person_of(services, subject))).state


async def unexplained_rules(services: Services) -> list[object]:
    return [one for one in await Comparison(services).findings() if one.kind in {"mapping_rule", "team"}]
