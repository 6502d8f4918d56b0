"""The first admin: made once on the host, never again, whatever became of the role."""

from pathlib import Path

import pytest
from sqlmodel import col, delete, select

from audit.event import Event
from audit.events import Action
from audit.log import Log
from audit.models import RowVersion
from audit.record import seal
from audit.subjects.keyring import MemoryKeyRing
from console.errors import ConflictError, SettingsError
from console.people.bootstrap import bootstrap_admin
from console.services import Services
from console.settings import Settings, load_settings
from sso.models import Person, PlatformRole, RoleAssignment, Source
from tests.console.conftest import START, Admit
from tests.console.visitor import heads


async def admins(services: Services) -> list[RoleAssignment]:
    async with services.database.read() as session:
        query = select(RoleAssignment).where(RoleAssignment.role == PlatformRole.ADMIN)
        return list(await session.exec(query))


async def test_the_first_admin_is_recorded_with_person_identity_and_role(
    services: Services, settings: Settings
) -> None:
    issuer = services.sign_in.default
    assert await bootstrap_admin(settings, issuer, "first") == "admin"
    (made,) = await admins(services)
    assert (made.managed_by, made.scope) == (Source.MANUAL, "all")
    (head,) = await heads(services, "admin.bootstrap")
    assert head["resource"] == {"type": "person", "id": str(made.person_id)}
    async with services.database.read() as session:
        kinds = [row.kind for row in await session.exec(select(RowVersion))]
    assert kinds == ["person", "identity", "role_assignment"]


async def test_a_second_first_admin_is_refused_and_nobody_is_made(
    services: Services, settings: Settings
) -> None:
    issuer = services.sign_in.default
    await bootstrap_admin(settings, issuer, "first")
    for subject in ("first", "second"):
        with pytest.raises(ConflictError) as refused:
            await bootstrap_admin(settings, issuer, subject)
        assert refused.value.reasons == ("already_bootstrapped",)
    assert len(await admins(services)) == 1
    assert len(await heads(services, "admin.bootstrap")) == 1


async def test_it_stays_refused_when_the_role_was_taken_away(services: Services, settings: Settings) -> None:
    await bootstrap_admin(settings, services.sign_in.default, "first")
    async with services.database.write() as session:
        await session.exec(delete(RoleAssignment).where(col(RoleAssignment.role) == PlatformRole.ADMIN))
    with pytest.raises(ConflictError):
        await bootstrap_admin(settings, services.sign_in.default, "second")
    assert await admins(services) == []


async def test_it_stays_refused_when_only_the_log_remembers(services: Services, settings: Settings) -> None:
    remembered = Event(action=Action.ADMIN_BOOTSTRAP, actor=None)
    record = seal(remembered, time=START, keys=MemoryKeyRing())
    await Log(services.log.engine).create(settings.audit.origin, record)
    with pytest.raises(ConflictError):
        await bootstrap_admin(settings, services.sign_in.default, "first")
    assert await admins(services) == []


async def test_an_admin_by_a_mapping_rule_is_an_admin_too(
    services: Services, settings: Settings, admit: Admit
) -> None:
    await admit("admin", ("guildhall-admins",))
    with pytest.raises(ConflictError):
        await bootstrap_admin(settings, services.sign_in.default, "second")


async def test_somebody_who_signed_in_before_becomes_the_admin_they_are(
    services: Services, settings: Settings, admit: Admit
) -> None:
    known = await admit("member", ("retail",))
    assert await bootstrap_admin(settings, services.sign_in.default, "demo-member") == "member"
    (made,) = await admins(services)
    assert made.person_id == known.id


async def test_an_issuer_nobody_could_sign_in_by_is_refused(services: Services, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="does not name"):
        await bootstrap_admin(settings, "https://typo.example", "first")
    async with services.database.read() as session:
        assert (await session.exec(select(Person))).all() == []


async def test_databases_that_are_not_ready_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="guildhall db upgrade"):
        await bootstrap_admin(
            load_settings(data=tmp_path / "empty"), "http://127.0.0.1:8400/dev-idp", "first"
        )
