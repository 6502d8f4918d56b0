"""Break glass from the seal to the review: who may, when, what, and what the log says of it."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.dialects import postgresql
from sqlmodel import select

from audit.events import Action
from console.break_glass.acting import act_under, repair_sign_in, sign_out_person
from console.break_glass.allowed import ALLOWED, decide_in_code
from console.break_glass.forms import BreakGlassReview
from console.break_glass.opening import (
    LASTS,
    close_break_glass,
    extend_break_glass,
    open_break_glass,
    open_uses,
)
from console.break_glass.queries import read_overview
from console.break_glass.reviewing import review_use
from console.break_glass.sealing import seal
from console.break_glass.watch import alarm_unreviewed
from console.catalog.stopping import start_route, stop_route
from console.errors import AuditUnavailableError, ConflictError, NotFoundError, RefusedError
from console.models import RouteState
from console.services import Services
from console.settings import BreakGlassSettings
from policy.permissions import Permission
from sso.models import BreakGlass, Identity, Person, PersonState, RoleAssignment, SealedCredential
from sso.principal import Principal
from tests.console.conftest import Admit, Catalog, MovingClock, WorkAs
from tests.console.test_work import execute
from tests.console.visitor import heads

pytestmark = pytest.mark.slow

REVIEW = BreakGlassReview(findings="Each act was needed; the provider is back.")
DAY = 86_400


@pytest.fixture
def armed(services: Services) -> Services:
    on = services.settings.model_copy(update={"break_glass": BreakGlassSettings(enabled=True)})
    return replace(services, settings=on)


@pytest.fixture
async def sealed(armed: Services, people: dict[str, Principal]) -> tuple[str, str]:
    """Credentials of the admin and of the reviewer."""
    return await seal(armed, people["admin"].handle), await seal(armed, people["reviewer"].handle)


async def refused(services: Services) -> list[str]:
    found = await heads(services, Action.BREAK_GLASS_REFUSE)
    return [str(reason) for head in found for reason in head["reasons"]]  # type: ignore[attr-defined]


async def test_off_by_default_nothing_can_be_sealed_or_opened(
    services: Services, people: dict[str, Principal]
) -> None:
    for attempt in (
        seal(services, people["admin"].handle),
        open_break_glass(services, "guildhall_bg_x", "OPS-1"),
    ):
        with pytest.raises(RefusedError) as error:
            await attempt
        assert error.value.reasons == ("break_glass_off",)
    assert await refused(services) == ["break_glass_off"] * 2


async def test_one_credential_alone_opens_nothing(armed: Services, people: dict[str, Principal]) -> None:
    only = await seal(armed, people["admin"].handle)
    with pytest.raises(RefusedError) as error:
        await open_break_glass(armed, only, "OPS-1")
    assert error.value.reasons == ("break_glass_unsealed",)


async def test_only_a_digest_is_stored_and_a_third_holder_is_refused(
    armed: Services, sealed: tuple[str, str], people: dict[str, Principal]
) -> None:
    async with armed.database.read() as session:
        rows = (await session.exec(select(SealedCredential))).all()
    assert not [row for row in rows for text in sealed if text[13:45] in row.model_dump_json()]
    with pytest.raises(ConflictError):
        await seal(armed, people["owner"].handle)
    with pytest.raises(NotFoundError):
        await seal(armed, "nobody")


async def test_case_70_break_glass_unarmed_expired_or_unreviewed_is_refused_and_recorded(
    armed: Services, sealed: tuple[str, str], clock: MovingClock, catalog: Catalog
) -> None:
    first, second = sealed
    with pytest.raises(RefusedError) as unarmed:
        await act_under(armed, first)
    await open_break_glass(armed, first, "OPS-1")
    with pytest.raises(RefusedError) as other:
        await act_under(armed, second)
    clock.forward(LASTS // 1_000_000 + 1)
    with pytest.raises(RefusedError) as late:
        await act_under(armed, first)
    with pytest.raises(RefusedError) as again:
        await open_break_glass(armed, second, "OPS-2")
    told = [error.value.reasons[0] for error in (unarmed, other, late, again)]
    assert told == ["break_glass_not_open"] * 3 + ["break_glass_unreviewed"]
    assert await refused(armed) == told


async def test_a_mistyped_or_unknown_credential_is_refused(armed: Services, sealed: tuple[str, str]) -> None:
    wrong = sealed[0][:-1] + ("0" if sealed[0][-1] != "0" else "1")
    for text in (wrong, "", "guildhall_sk_0123456789_x"):
        with pytest.raises(RefusedError) as error:
            await open_break_glass(armed, text, "OPS-1")
        assert error.value.reasons == ("break_glass_unknown",)


async def test_without_the_log_nothing_opens_lasts_longer_or_is_done(
    armed: Services, sealed: tuple[str, str]
) -> None:
    await execute(armed, "ALTER TABLE outbox RENAME TO gone")
    for text in (sealed[0], "guildhall_bg_x"):
        with pytest.raises(AuditUnavailableError):
            await open_break_glass(armed, text, "OPS-1")
    await execute(armed, "ALTER TABLE gone RENAME TO outbox")
    use = await open_break_glass(armed, sealed[0], "OPS-1")  # it is unspent, so the first try opened nothing
    work, use_id = await act_under(armed, sealed[0])
    await execute(armed, "ALTER TABLE outbox RENAME TO gone")
    with pytest.raises(AuditUnavailableError):
        await extend_break_glass(armed, sealed)
    with pytest.raises(AuditUnavailableError):
        await repair_sign_in(work, use_id, next(iter(armed.sign_in.issuers)), "saved")
    async with armed.database.read() as session:
        kept = (await session.exec(select(BreakGlass))).one()
        admitted = (await session.exec(select(Identity).where(Identity.subject == "saved"))).all()
    assert (kept.ends, kept.admitted_id, admitted) == (use.ends, None, [])


async def test_it_stops_a_route_and_the_entry_is_flagged(
    armed: Services, sealed: tuple[str, str], people: dict[str, Principal], catalog: Catalog
) -> None:
    await open_break_glass(armed, sealed[0], "OPS-1")
    work, _ = await act_under(armed, sealed[0])
    route = await stop_route(work, catalog.credit.name, "The model answers nonsense")
    assert route.state is RouteState.STOPPED
    (entry,) = await heads(armed, Action.ROUTE_STOP)
    assert (entry["flags"], entry["actor"]) == (["break_glass"], str(people["admin"].id))


@pytest.mark.parametrize("permission", sorted(set(Permission) - ALLOWED))
def test_what_is_not_on_the_list_is_refused_whatever_policy_says(permission: Permission) -> None:
    decision = decide_in_code(permission, "any revision")
    assert (decision.allow, decision.reasons) == (False, ("break_glass_may_not",))


def test_the_list_holds_neither_calls_nor_policies_nor_the_log() -> None:
    assert {permission.value for permission in ALLOWED} == {
        "break_glass.close",
        "break_glass.repair",
        "grant.revoke",
        "key.revoke",
        "route.stop",
        "session.revoke",
    }


async def test_it_may_not_start_what_it_stopped(
    armed: Services, sealed: tuple[str, str], catalog: Catalog
) -> None:
    await open_break_glass(armed, sealed[0], "OPS-1")
    work, _ = await act_under(armed, sealed[0])
    with pytest.raises(RefusedError) as error:
        await start_route(work, catalog.credit.name, "It is good again")
    assert error.value.reasons == ("break_glass_may_not",)
    (entry,) = await heads(armed, Action.ROUTE_START)
    assert (entry["outcome"], entry["flags"]) == ("denied", ["break_glass"])


async def test_both_holders_let_it_go_on_and_one_of_them_cannot(
    armed: Services, sealed: tuple[str, str], clock: MovingClock
) -> None:
    first = await open_break_glass(armed, sealed[0], "OPS-1")
    clock.forward(1800)
    with pytest.raises(RefusedError) as alone:
        await extend_break_glass(armed, (sealed[0], sealed[0]))
    assert alone.value.reasons == ("break_glass_two_people",)
    longer = await extend_break_glass(armed, sealed)
    assert longer.ends - first.ends >= 1_800_000_000
    assert len(await heads(armed, Action.BREAK_GLASS_EXTEND)) == 1


async def test_sign_in_is_repaired_once_and_the_new_admin_may_not_review_it(
    armed: Services, sealed: tuple[str, str], people: dict[str, Principal], work_as: WorkAs
) -> None:
    issuer = next(iter(armed.sign_in.issuers))
    async with armed.database.write() as session:
        member = await session.get_one(Person, people["member"].id)
        member.state = PersonState.DISABLED
    await open_break_glass(armed, sealed[0], "OPS-1")
    work, use = await act_under(armed, sealed[0])
    handle = await repair_sign_in(work, use, issuer, people["member"].authentication.subject)
    assert handle == people["member"].handle
    async with armed.database.read() as session:
        roles = (await session.exec(select(RoleAssignment.role).filter_by(person_id=member.id))).all()
        assert (await session.get_one(Person, member.id)).state is PersonState.ACTIVE
    assert roles == ["admin"]
    with pytest.raises(RefusedError) as twice:
        await repair_sign_in(work, use, issuer, "somebody-else")
    assert twice.value.reasons == ("break_glass_repaired",)
    await close_break_glass(work, use)
    for own in ("member", "admin"):
        with pytest.raises(RefusedError) as error:
            await review_use(await work_as(own), use, REVIEW)
        assert error.value.reasons == ("own_break_glass",)


async def test_a_person_is_signed_out_everywhere(
    armed: Services, sealed: tuple[str, str], people: dict[str, Principal]
) -> None:
    await open_break_glass(armed, sealed[0], "OPS-1")
    work, _ = await act_under(armed, sealed[0])
    assert await sign_out_person(work, people["owner"].handle) >= 1


async def test_nobody_else_looks_so_it_alarms_daily_until_a_review(
    armed: Services, sealed: tuple[str, str], clock: MovingClock, work_as: WorkAs, admit: Admit
) -> None:
    use = await open_break_glass(armed, sealed[0], "OPS-1")
    assert await alarm_unreviewed(armed) == 0
    clock.forward(3601)
    assert [await alarm_unreviewed(armed) for _ in range(2)] == [1, 0]
    clock.forward(DAY)
    assert await alarm_unreviewed(armed) == 1
    await admit("second-admin", groups=["guildhall-admins"])
    await review_use(await work_as("second-admin"), use.id, REVIEW)
    clock.forward(DAY)
    assert await alarm_unreviewed(armed) == 0
    assert len(await heads(armed, Action.BREAK_GLASS_UNREVIEWED)) == 2
    with pytest.raises(ConflictError):
        await review_use(await work_as("second-admin"), use.id, REVIEW)


async def test_once_reviewed_it_takes_a_new_seal_to_open_it_again(
    armed: Services, sealed: tuple[str, str], clock: MovingClock, work_as: WorkAs, admit: Admit
) -> None:
    use = await open_break_glass(armed, sealed[0], "OPS-1")
    clock.forward(3601)
    await admit("second-admin", groups=["guildhall-admins"])
    await review_use(await work_as("second-admin"), use.id, REVIEW)
    for text, reason in ((sealed[0], "break_glass_spent"), (sealed[1], "break_glass_unsealed")):
        with pytest.raises(RefusedError) as error:
            await open_break_glass(armed, text, "OPS-2")
        assert error.value.reasons == (reason,)
    anew = await seal(armed, "admin")
    assert isinstance((await open_break_glass(armed, sealed[1], "OPS-2")).id, UUID)
    with pytest.raises(RefusedError) as spent:
        await extend_break_glass(armed, sealed)
    assert spent.value.reasons == ("break_glass_spent",)
    await extend_break_glass(armed, (sealed[1], anew))


async def test_the_page_shows_who_opened_it_and_who_may_review(
    armed: Services, sealed: tuple[str, str], clock: MovingClock, work_as: WorkAs
) -> None:
    await open_break_glass(armed, sealed[0], "OPS-1")
    seen = await read_overview(await work_as("admin"))
    assert [(use.holder, use.state, use.may_review) for use in seen.uses] == [("admin", "open", False)]
    clock.forward(3601)
    assert (await read_overview(await work_as("auditor"))).uses[0].state == "unreviewed"
    with pytest.raises(RefusedError):
        await read_overview(await work_as("member"))


async def test_a_use_inserted_in_sql_explains_itself_to_nobody(
    armed: Services, sealed: tuple[str, str]
) -> None:
    from console.unexplained.watch import Watch  # noqa: PLC0415

    async with armed.database.write() as session:
        forged = (await session.exec(select(SealedCredential))).first()
        assert forged is not None
        session.add(
            BreakGlass(
                person_id=forged.person_id, credential_id=forged.id, opened=1, ends=2**60, reviewed=None
            )
        )
    await Watch(armed).look()
    with pytest.raises(RefusedError) as error:
        await act_under(armed, sealed[0])
    assert error.value.reasons == ("break_glass_not_open",)


def test_looking_for_the_open_use_takes_no_lock() -> None:
    """PostgreSQL refuses a lock in the read-only transaction of a reader: every act would fail there."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    assert "FOR UPDATE" not in str(open_uses(1).compile(dialect=dialect))
