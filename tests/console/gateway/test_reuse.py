"""What was decided on a call is reused while nothing moved that it rests on, and never longer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from audit.events import Action
from console.freshness.remembered import Remembered
from console.gateway.recorder import Recorder
from console.gateway.reuse import key_of, rule
from console.gateway.routing import Caller, Evaluated, Ruling
from console.gateway.table import match
from console.models import Model, Visibility
from console.questions import Origin
from console.services import Services, with_decider
from policy.decision import Decider, Document, Entrypoint, Evaluation, PolicyUnavailable
from policy.embedded import EmbeddedDecider
from policy.errors import DeciderFailedError
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType
from sso.principal import KeyLimits, Principal
from tests.console.conftest import Catalog, MovingClock
from tests.console.gateway.records import read_spool

FOUND = match("POST", "/v2/models/risk.credit-default/infer")
assert FOUND is not None
MATCH = FOUND
NOBODY_KNOWS = match("POST", "/v2/models/risk.nothing/infer")


@dataclass
class Counting:
    """The engine, and how often it was asked; it can be told to fail."""

    engine: Decider
    asked: int = 0
    broken: bool = False
    name: str = "counting"

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        self.asked += 1
        if self.broken:
            raise DeciderFailedError("It is told to.")
        return await self.engine.evaluate(entrypoint, document)

    async def ping(self) -> None:
        await self.engine.ping()

    async def close(self) -> None:
        """The engine is another's."""


@dataclass
class Desk:
    services: Services
    counting: Counting
    member: Principal
    clock: MovingClock
    remembered: Remembered[Evaluated] = field(init=False)

    def __post_init__(self) -> None:
        self.remembered = Remembered(self.services.feed, self.services.clock)

    async def rule(self, principal: Principal | None = None) -> Ruling:
        return await rule(self.services, self.remembered, principal or self.member, MATCH)

    async def grant(self, route_id: UUID, *, starts: int = 0, ends: int = 60) -> None:
        """Give the member the route, from and until so many seconds from now."""
        now = self.clock.now // 1_000_000 * 1_000_000
        change = Change(
            id=uuid7(),
            kind=ChangeKind.ACCESS,
            resource_type="route",
            resource_id=route_id,
            requester_id=self.member.id,
            content="{}",
            content_hash="0" * 64,
            state=ChangeState.APPROVED,
            required="[]",
            policy_revision="0" * 64,
            created=now,
        )
        grant = Grant(
            id=uuid7(),
            principal_type=PrincipalType.PERSON,
            principal_id=self.member.id,
            permission="model.invoke",
            resource_type="route",
            resource_id=route_id,
            change_id=change.id,
            starts=now + starts * 1_000_000,
            ends=now + ends * 1_000_000,
        )
        async with self.services.database.write() as session:
            session.add(change)
            await session.flush()
            session.add(grant)


@pytest.fixture
async def desk(
    services: Services,
    catalog: Catalog,
    people: dict[str, Principal],
    decider: EmbeddedDecider,
    clock: MovingClock,
) -> AsyncIterator[Desk]:
    await services.feed.start()
    counting = Counting(decider)
    yield Desk(with_decider(services, counting), counting, people["member"], clock)
    await services.feed.stop()


async def test_a_repeated_call_reuses_the_evaluation_under_an_id_of_its_own(
    desk: Desk, catalog: Catalog
) -> None:
    await desk.grant(catalog.credit.id)
    first, second, third = await desk.rule(), await desk.rule(), await desk.rule()
    assert desk.counting.asked == 1
    assert [one.allowed for one in (first, second, third)] == [True] * 3
    assert first.decision
    assert second.decision
    assert third.decision
    assert len({first.decision.id, second.decision.id, third.decision.id}) == 3
    assert (first.reused, second.reused, third.reused) == (None, first.decision.id, first.decision.id)
    assert second.decision.revision == desk.services.policy_revision


async def test_what_moved_is_asked_anew(desk: Desk, catalog: Catalog) -> None:
    refused = await desk.rule()
    assert refused.decision
    assert refused.decision.reasons == ("no_grant",)
    await desk.grant(catalog.credit.id)
    assert (await desk.rule()).allowed
    async with desk.services.database.write() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()
        model.visibility = Visibility.HIDDEN
        session.add(model)
    assert (await desk.rule()).allowed
    assert desk.counting.asked == 3


async def test_an_evaluation_ends_when_the_grant_does_though_nothing_moved(
    desk: Desk, catalog: Catalog
) -> None:
    await desk.grant(catalog.credit.id, ends=10)
    assert (await desk.rule()).allowed
    desk.clock.forward(9)
    assert (await desk.rule()).allowed
    assert desk.counting.asked == 1
    desk.clock.forward(2)
    late = await desk.rule()
    assert late.decision
    assert late.decision.reasons == ("grant_expired",)
    assert (desk.counting.asked, late.reused) == (2, None)


async def test_a_refusal_ends_when_a_grant_begins_also_of_what_is_hidden(
    desk: Desk, catalog: Catalog
) -> None:
    async with desk.services.database.write() as session:
        model = (await session.exec(select(Model).where(col(Model.name) == "credit-default"))).one()
        model.visibility = Visibility.HIDDEN
        session.add(model)
    await desk.grant(catalog.credit.id, starts=10)
    hidden = await desk.rule()
    assert hidden.decision
    assert hidden.decision.reasons == ("not_found",)
    desk.clock.forward(11)
    assert (await desk.rule()).allowed


async def test_a_call_ends_with_the_callers_proof_at_the_latest(desk: Desk, catalog: Catalog) -> None:
    await desk.grant(catalog.credit.id)
    expires = desk.clock.now // 1_000_000 + 5
    soon = replace(desk.member, authentication=replace(desk.member.authentication, expires=expires))
    ruling = await desk.rule(soon)
    assert ruling.decision
    assert ruling.decision.valid_until == expires


async def test_when_what_moved_cannot_be_read_nothing_is_reused(desk: Desk, catalog: Catalog) -> None:
    await desk.grant(catalog.credit.id)
    await desk.rule()
    await desk.services.feed.stop()
    assert not desk.services.feed.reliable
    assert (await desk.rule()).reused is None
    assert desk.counting.asked == 2


async def test_what_could_not_be_decided_is_not_remembered(desk: Desk, catalog: Catalog) -> None:
    await desk.grant(catalog.credit.id)
    desk.counting.broken = True
    assert isinstance((await desk.rule()).decision, PolicyUnavailable)
    desk.counting.broken = False
    assert (await desk.rule()).allowed


async def test_a_bundle_that_declares_nothing_is_asked_each_time(desk: Desk, catalog: Catalog) -> None:
    await desk.grant(catalog.credit.id)
    desk.services.policies.declared = {}
    await desk.rule()
    assert (await desk.rule()).reused is None
    assert desk.counting.asked == 2


@pytest.mark.parametrize("field", ["context", "context.now", "context.allowed_acr"])
async def test_what_rests_on_circumstances_is_asked_each_time(
    desk: Desk, catalog: Catalog, field: str
) -> None:
    await desk.grant(catalog.credit.id)
    desk.services.policies.declared = {"model.invoke": frozenset({"subject", field})}
    await desk.rule()
    await desk.rule()
    assert desk.counting.asked == 2


async def test_case_76_one_callers_evaluation_is_no_others(
    desk: Desk, catalog: Catalog, people: dict[str, Principal]
) -> None:
    await desk.grant(catalog.credit.id)
    assert (await desk.rule()).allowed
    assert not (await desk.rule(people["reviewer"])).allowed
    proof = desk.member.authentication
    limited = replace(desk.member, authentication=replace(proof, scopes=frozenset({"self.read"})))
    assert not (await desk.rule(limited)).allowed
    limits = KeyLimits(uuid7(), frozenset({"model.invoke"}), frozenset({"risk.other"}))
    bound = replace(desk.member, authentication=replace(proof, method="key", key=limits))
    assert not (await desk.rule(bound)).allowed
    assert (await desk.rule()).reused is not None


def test_two_sign_ins_of_a_person_share_an_evaluation_only_where_their_strength_is_not_asked() -> None:
    proof = _person().authentication
    strong = replace(_person(), authentication=replace(proof, acr="gold", auth_time=1, token_id="t"))
    fields = frozenset({"subject.id"})
    assert key_of(_person(), MATCH, fields) == key_of(strong, MATCH, fields)
    fields = frozenset({"subject.auth.auth_time"})
    assert key_of(_person(), MATCH, fields) != key_of(strong, MATCH, fields)


def _person() -> Principal:
    from sso.principal import Authentication  # noqa: PLC0415 - for this alone

    proof = Authentication("bearer", "https://idp.example", "s")
    return Principal(UUID(int=1), "person", "s", "S", proof)


async def test_the_first_record_holds_question_and_answer_and_later_ones_name_it(
    desk: Desk, catalog: Catalog
) -> None:
    await desk.grant(catalog.credit.id)
    recorder, caller = Recorder(desk.services), Caller(desk.member, Origin("gateway"))
    unrecorded, *ruled = [await desk.rule() for _ in range(3)]
    for ruling in ruled:
        await recorder.intend(Action.MODEL_INVOKE, caller, ruling, {"route": "risk.credit-default"})
    await recorder.close()
    kept = read_spool(desk.services.settings.data / "spool")
    assert unrecorded.decision is not None
    evaluations = [one.head["evaluation"] for one in kept]
    assert evaluations == [str(unrecorded.decision.id)] * 2
    assert len({one.head["decision"] for one in kept}) == 2
    assert ["decision" in [part.name for part in one.parts] for one in kept] == [True, False]
