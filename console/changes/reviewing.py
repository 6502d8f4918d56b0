"""Signs reviews of changes; the last missing approval carries the change out, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from console.changes.answering import Answering, Kept
from console.changes.ballot import Ballot
from console.changes.counting import choose_voice, decide, groups_for
from console.changes.forms import Reviewed, SignedReview
from console.changes.refusals import told
from console.changes.rows import change_row, review_row
from console.changes.seen import nothing
from console.changes.standing import Voice, voices_of
from console.work import UnitOfWork
from policy.canonical import canonical
from policy.changes import ChangeFacts
from policy.models import Change, ChangeKind, ChangeState, Review
from policy.plan import Plan


@dataclass(frozen=True, slots=True)
class _Signed:
    answer: SignedReview
    voice: Voice
    groups: frozenset[str]
    now: int


async def sign_reviews(
    work: UnitOfWork, kind: Answering[Kept], answers: Sequence[SignedReview]
) -> list[Reviewed]:
    """Answer several changes by one sign-in: all count, or none.

    Raises:
        NotFoundError: no such change, or none the caller may read.
        RefusedError: the caller asked for it, is not asked, or has to sign in anew (step-up).
        ConflictError: another content was signed, or the change or the caller's answer is there already.
    """
    ballot = Ballot(work, kind)
    for answer in answers:
        await ballot.admit(answer.id)

    async def sign_all(session: AsyncSession) -> list[Reviewed]:
        return [await _sign(ballot, session, answer) for answer in answers]

    return await ballot.sign(sign_all)


async def _sign(ballot: Ballot[Kept], session: AsyncSession, answer: SignedReview) -> Reviewed:
    plan = ballot.plan_of(answer.id)
    found = await ballot.kind.find(session, answer.id, ballot.now, True)  # noqa: FBT003 - a callable has no names
    if found is None:
        raise nothing()
    voices = await voices_of(session, ballot.principal.id, found.team, ballot.now)
    voice = choose_voice(found, voices, plan)
    signed = _Signed(answer, voice, groups_for(found, voice, plan), ballot.now)
    with told(ballot):
        after = decide(ballot.principal.id, found, answer, voice, plan=plan, now=signed.now)
    return await _keep(ballot, session, found, signed, after)


async def _keep(
    ballot: Ballot[Kept], session: AsyncSession, found: Kept, signed: _Signed, after: ChangeFacts
) -> Reviewed:
    resource, plan = ballot.turn_to(found.change.id), ballot.plan_of(found.change.id)
    row = _review_row(ballot.principal.id, signed)
    change = _advance(found.change, after.state, plan, signed.now)
    session.add_all([row, change])
    await session.flush()
    part = Part(name="review", subject=row.reviewer_id, content=_signed_content(signed))
    await ballot.record(
        ballot.kind.action,
        resource=resource,
        request=change.id,
        rows=[review_row(row), change_row(change, signed.now)],
        parts=[part],
    )
    if change.state is ChangeState.APPROVED:
        await ballot.kind.execute(ballot, session, found, signed.now)
    return Reviewed(id=change.id, state=change.state.value, review_id=row.id, grant_id=change.grant_id)


def _review_row(person_id: UUID, signed: _Signed) -> Review:
    answer = signed.answer
    return Review(
        id=uuid7(),
        change_id=answer.id,
        reviewer_id=person_id,
        decision=answer.decision,
        groups=canonical(sorted(signed.groups)).decode(),
        meaning=answer.meaning,
        reason=answer.reason,
        content_hash=answer.content_hash,
        created=signed.now,
        stands_for=signed.voice.stands_for,
    )


def _advance(change: Change, state: ChangeState, plan: Plan, now: int) -> Change:
    change.state = state
    change.required = canonical(plan.required_document()).decode()
    change.policy_revision = plan.revision
    change.why, change.further = canonical(list(plan.why)).decode(), canonical(list(plan.further)).decode()
    if state is not ChangeState.PENDING:
        change.decided = now
    if state is ChangeState.APPROVED and change.kind is ChangeKind.ACCESS:
        change.grant_id = uuid7()
    return change


def _signed_content(signed: _Signed) -> dict[str, object]:
    answer = signed.answer
    return {
        "decision": answer.decision.value,
        "meaning": answer.meaning,
        "reason": answer.reason,
        "content_hash": answer.content_hash,
        "groups": sorted(signed.groups),
        **({"stands_for": str(signed.voice.stands_for)} if signed.voice.stands_for else {}),
    }
