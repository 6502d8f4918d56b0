import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select
from uuid_utils.compat import uuid7

from audit.models import RowVersion
from console.errors import ConflictError, NotFoundError
from console.policies.activating import activate
from console.policies.bundles import ALTERED, find_bundle
from console.policies.deciding import decide
from console.policies.keys import signing_key
from console.policies.signing import BundleSigning, sign_active
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from policy.bundles import Bundle
from policy.decision import Decision, Query
from policy.errors import BundleError
from policy.facts import describe_context, describe_route, describe_subject
from policy.models import ChangeState, PolicyBundle
from sso.principal import system_principal
from tests.console.conftest import MovingClock
from tests.console.policies.conftest import put_in_force

PERSON = UUID(int=1)


def question() -> Query:
    route = describe_route(
        id=UUID(int=2), name="risk.m", team="risk", visibility="shared", tier="low", data_class="public"
    )
    subject = describe_subject(id=PERSON, kind="person", method="session")
    return Query(
        subject, "model.invoke", route, (), describe_context(now=1, allowed_acr=[], profile="embedded")
    )


async def decided(services: Services) -> Decision:
    async with services.database.read() as session:
        active = await services.policies.active(session)
    return await decide(services, question(), active)


async def sign(services: Services) -> str | None:
    return await sign_active(services, signing_key(services.policies.keys))


async def test_the_shipped_revision_decides_until_another_is_activated(services: Services) -> None:
    decision = await decided(services)
    assert (decision.allow, decision.revision) == (True, services.policies.shipped.revision)


async def test_an_activated_revision_decides_once_it_is_signed(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    before = await decided(services)
    assert (before.allow, before.revision) == (True, services.policies.shipped.revision)
    assert await sign(services) == other.revision
    after = await decided(services)
    assert (after.allow, after.reasons, after.revision) == (False, ("no_grant",), other.revision)
    assert services.policies.trouble is None


async def test_an_old_revision_counts_for_five_seconds_and_no_longer(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    clock.forward(5)
    refused = await decided(services)
    assert (refused.allow, refused.reasons) == (False, ("policy_wrong_revision",))
    assert services.policies.trouble == "The active revision is not signed yet."


async def test_it_is_in_history_and_can_be_found_again(services: Services, other: Bundle) -> None:
    await put_in_force(services, other)
    async with services.database.read() as session:
        kept = await find_bundle(session, other.revision)
        shipped = await find_bundle(session, services.policies.shipped.revision)
        rows = (await session.exec(select(RowVersion).where(RowVersion.kind == "active_policy"))).all()
    assert kept == other
    assert shipped == services.policies.shipped
    assert [json.loads(row.row or "")["revision"] for row in rows] == [other.revision]


@pytest.mark.parametrize("state", [ChangeState.PENDING, ChangeState.REFUSED])
async def test_the_worker_signs_nothing_that_no_approved_change_made_active(
    services: Services, other: Bundle, state: ChangeState
) -> None:
    await put_in_force(services, other, state=state)
    with pytest.raises(BundleError, match="No approved change"):
        await sign(services)
    await BundleSigning(services).sign()
    async with services.database.read() as session:
        assert (await session.get_one(PolicyBundle, other.revision)).signature is None


async def test_the_worker_signs_once(services: Services) -> None:
    assert await sign(services) == services.policies.shipped.revision
    assert await sign(services) is None


async def test_case_79_files_altered_in_the_table_are_neither_signed_nor_used(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    await sign(services)
    async with services.database.write() as session:
        kept = await session.get_one(PolicyBundle, other.revision)
        kept.files = kept.files.replace("guildhall.authz", "guildhall.altered")
        session.add(kept)
    old = await decided(services)
    assert old.revision == services.policies.shipped.revision
    assert services.policies.trouble == ALTERED
    clock.forward(5)
    assert (await decided(services)).reasons == ("policy_wrong_revision",)


async def test_case_79_a_signature_by_another_key_is_not_believed(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    await sign_active(services, signing_key(_elsewhere(services)))
    assert (await decided(services)).revision == services.policies.shipped.revision
    assert services.policies.trouble == "The bundle is signed by another key."


async def test_the_same_or_an_unknown_revision_is_not_activated(services: Services, other: Bundle) -> None:
    await put_in_force(services, other)
    work = UnitOfWork(services, system_principal("test"), Origin("process"))
    with pytest.raises(ConflictError, match="decides already"):
        async with work.write():
            await activate(work, other.revision, change=uuid7())
    with pytest.raises(NotFoundError):
        async with work.write():
            await activate(work, "0" * 64, change=uuid7())


def _elsewhere(services: Services) -> Path:
    folder = services.settings.data / "elsewhere"
    folder.mkdir()
    return folder
