"""The sync against a real Keycloak whose realm `guildhall directory setup` has made ready."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from audit.events import Action
from audit.models import Outbox
from audit.record import Record
from console.directory import carrying
from console.directory.applying import Applied, apply_slice
from console.directory.keeping import keep_cursor
from console.directory.loop import DirectoryLoop
from console.directory.polling import poll
from console.services import Services
from console.work import UnitOfWork
from sso.claims import IdTokenClaims
from sso.keycloak import reading
from sso.keycloak.connection import open_directory
from sso.keycloak.reading import read_everybody, read_some
from sso.models import (
    DirectoryRun,
    Identity,
    MappingRule,
    Membership,
    Person,
    PersonState,
    RuleRole,
    RunState,
    Session,
)
from sso.sessions import are_tokens_refused, create
from sso.settings import SessionSettings
from sso.syncing.plan import PersonChange
from tests.console.directory.realm import GROUPS, Realm
from tests.real.browserless import sign_in

pytestmark = pytest.mark.real


async def teams_of(services: Services, subject: str) -> set[UUID]:
    same = col(Identity.person_id) == col(Membership.person_id)
    found = select(Membership.team_id).join(Identity, same).where(Identity.subject == subject)
    async with services.database.read() as session:
        return set(await session.exec(found))


async def state_of(services: Services, subject: str) -> PersonState:
    found = select(Person.state).join(Identity, col(Identity.person_id) == col(Person.id))
    async with services.database.read() as session:
        return PersonState((await session.exec(found.where(Identity.subject == subject))).one())


async def begin_session(services: Services, realm: Realm, subject: str, auth_time: int | None = None) -> str:
    claims = IdTokenClaims(realm.issuer, subject, expires=0, issued=0, auth_time=auth_time)
    async with services.database.write() as session:
        person = (await session.exec(select(Identity.person_id).where(Identity.subject == subject))).one()
        made = await create(
            session, person_id=person, claims=claims, now=services.clock(), settings=SessionSettings()
        )
    return made.session.id_hash


async def is_revoked(services: Services, id_hash: str) -> bool:
    async with services.database.read() as session:
        return (await session.get_one(Session, id_hash)).revoked_at is not None


async def taken(services: Services) -> list[str]:
    async with services.database.read() as session:
        rows = await session.exec(select(Outbox.record).order_by(col(Outbox.event_id)))
        return [str(Record.from_bytes(row).head_fields["action"]) for row in rows]


async def test_the_first_turn_brings_everybody_with_their_teams(
    services: Services, realm: Realm, loop: DirectoryLoop, rules: dict[str, UUID]
) -> None:
    ada = await realm.person("ada", "risk", "retail")
    await loop.turn()
    assert await teams_of(services, ada) == {rules["risk"], rules["retail"]}
    async with services.database.read() as session:
        (run,) = (await session.exec(select(DirectoryRun))).all()
    assert (run.state, run.reason) == (RunState.DONE, None)


async def test_case_23_a_group_left_at_the_provider_takes_the_right_at_the_next_look(
    services: Services, realm: Realm, loop: DirectoryLoop, rules: dict[str, UUID]
) -> None:
    eve = await realm.person("eve", "risk", "retail")
    await loop.turn()
    async with realm.admin() as admin:
        await admin.a_group_user_remove(eve, await realm.group(admin, "risk"))
    await loop.turn()
    assert await teams_of(services, eve) == {rules["retail"]}


async def test_case_23_a_person_disabled_at_the_provider_is_out_at_the_next_look(
    services: Services, realm: Realm, loop: DirectoryLoop
) -> None:
    mallory = await realm.person("mallory", "risk")
    await loop.turn()
    session = await begin_session(services, realm, mallory)
    async with realm.admin() as admin:
        await admin.a_update_user(mallory, {"enabled": False})
        await loop.turn()
        assert await state_of(services, mallory) is PersonState.DISABLED
        assert await is_revoked(services, session)
        await admin.a_update_user(mallory, {"enabled": True})
    await loop.turn()
    assert await state_of(services, mallory) is PersonState.ACTIVE
    assert await is_revoked(services, session)


async def test_a_person_disabled_while_a_plan_is_carried_out_is_out_before_its_next_slice(
    services: Services, realm: Realm, rules: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    aaron, _ = await realm.person("aaron", "risk"), await realm.person("zoe", "risk")
    loop = DirectoryLoop(services, realm.settings.model_copy(update={"poll_seconds": 0}))
    await loop.turn()
    await give_everybody_of("/risk", rules["retail"], services, realm)
    session = await begin_session(services, realm, aaron)
    revoked: list[bool] = []

    async def one_by_one(work: UnitOfWork, issuer: str, changes: Sequence[PersonChange]) -> Applied:
        revoked.append(await is_revoked(services, session))
        done = await apply_slice(work, issuer, changes)
        async with realm.admin() as admin:
            await admin.a_update_user(aaron, {"enabled": False})
        return done

    monkeypatch.setattr(carrying, "AT_ONCE", 1)
    monkeypatch.setattr(carrying, "apply_slice", one_by_one)
    await loop.turn()
    await loop.close()
    assert revoked[:2] == [False, True]
    assert all(revoked[1:])
    assert await state_of(services, aaron) is PersonState.DISABLED
    assert await teams_of(services, aaron) == set()


async def give_everybody_of(group: str, team: UUID, services: Services, realm: Realm) -> None:
    """Let a group give one more membership, so that the next sync has something to do for each of it."""
    rule = MappingRule(
        issuer=realm.issuer, claim="groups", value=group, team_id=team, role=RuleRole.OWNER, created=0
    )
    async with services.database.write() as session:
        session.add(rule)
    await keep_cursor(services, realm.issuer, full=0)


async def test_a_deleted_person_is_out_at_the_next_look(
    services: Services, realm: Realm, loop: DirectoryLoop
) -> None:
    gone = await realm.person("gone", "risk")
    await loop.turn()
    async with realm.admin() as admin:
        await admin.a_delete_user(gone)
    await loop.turn()
    assert await state_of(services, gone) is PersonState.DISABLED


async def test_whom_an_administrator_signs_out_there_is_signed_out_here(
    services: Services, realm: Realm, loop: DirectoryLoop
) -> None:
    oscar = await realm.person("oscar", "risk")
    await loop.turn()
    session = await begin_session(services, realm, oscar)
    async with realm.admin() as admin:
        await admin.a_user_logout(oscar)
    await loop.turn()
    assert await is_revoked(services, session)
    assert await state_of(services, oscar) is PersonState.ACTIVE


@pytest.mark.parametrize("reset", ["password", "credential"])
async def test_case_34_what_began_before_a_reset_at_the_provider_ends_at_the_next_look(
    services: Services, realm: Realm, loop: DirectoryLoop, reset: str
) -> None:
    person = await realm.person(f"heidi-{reset}", "risk")
    await loop.turn()
    # One time, from before the reset: the look may come minutes later, and is no measure of it.
    now = int(time.time())
    before, after = now - 600, now + 600
    old = await begin_session(services, realm, person, before)
    new = await begin_session(services, realm, person, after)
    async with realm.admin() as admin:
        if reset == "password":
            await admin.a_set_user_password(person, "another password", temporary=False)
        else:
            (kept,) = await admin.a_get_credentials(person)
            await admin.a_delete_credential(person, kept["id"])
    await loop.turn()
    assert [await is_revoked(services, one) for one in (old, new)] == [True, False]
    async with services.database.read() as session:
        assert await are_tokens_refused(session, realm.issuer, person, before)
        assert not await are_tokens_refused(session, realm.issuer, person, after)


async def test_a_renamed_group_is_seen_at_the_turn_after(
    services: Services, realm: Realm, loop: DirectoryLoop
) -> None:
    peggy = await realm.person("peggy", "retail")
    await loop.turn()
    async with realm.admin() as admin:
        group = await realm.group(admin, "retail")
        await admin.a_update_group(group, {"name": "wholesale"})
        await loop.turn()
        await loop.turn()
        await admin.a_update_group(group, {"name": "retail"})
    assert await teams_of(services, peggy) == set()


async def test_events_are_taken_once_whoever_looks_again(
    services: Services, realm: Realm, loop: DirectoryLoop
) -> None:
    await loop.turn()
    before = len(await taken(services))
    await realm.person("trent", "risk")
    sign_in(realm, "trent")
    await loop.turn()
    new = (await taken(services))[before:]
    assert new.count(Action.DIRECTORY_SIGN_IN) == 1
    assert new.count(Action.DIRECTORY_CHANGE) >= 2  # somebody was made, and put into a group
    again = DirectoryLoop(services, realm.settings)
    await again.turn()
    await again.close()
    assert (await taken(services))[before:] == new


async def test_a_look_without_news_writes_nothing_into_the_log(
    services: Services, realm: Realm, loop: DirectoryLoop
) -> None:
    await loop.turn()
    before = await taken(services)
    async with open_directory(realm.settings) as admin:
        new = await poll(services, realm.settings, admin)
    assert {event.type for event in new.sign_ins} == set()
    assert new.admin == ()
    assert await taken(services) == before


async def test_everybody_is_read_page_by_page_without_the_costly_list_of_users(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rupert", "sybil", "victor"):
        one = await realm.person(name, "risk")
    monkeypatch.setattr(reading, "LONG_PAGE", 2)
    asked: list[str] = []
    async with open_directory(realm.settings) as admin:
        ask = admin.connection.a_raw_get

        async def noted(path: str, **query: Any) -> Any:
            asked.append(f"{path}?first={query.get('first')}")
            return await ask(path, **query)

        monkeypatch.setattr(admin.connection, "a_raw_get", noted)
        everybody = await read_everybody(admin, realm.settings, [])
    assert one in everybody.people
    assert everybody.groups == len(GROUPS)
    pages = [path for path in asked if path.partition("?")[0].endswith("default-roles-staff/users")]
    assert len(pages) == len(set(pages)) >= len(everybody.people) // 2
    assert not [path for path in asked if path.startswith("admin/realms/staff/users?")]


async def test_whoever_lost_the_role_of_all_is_found_in_the_list_of_users(realm: Realm) -> None:
    alone = await realm.person("alone")
    async with realm.admin() as admin:
        role = await admin.a_get_realm_role("default-roles-staff")
        await admin.a_delete_realm_roles_of_user(alone, [role])
        async with open_directory(realm.settings) as own:
            everybody = await read_everybody(own, realm.settings, [])
            some = await read_some(own, realm.settings, [alone, "nobody-of-this-name"])
        await admin.a_assign_realm_roles(alone, [role])
    assert alone in everybody.people
    assert set(some.people) == {alone}
    assert some.gone == {"nobody-of-this-name"}
