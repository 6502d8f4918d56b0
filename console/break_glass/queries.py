"""The uses of break glass and the sealed credentials, for who looks after them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.head import format_time
from console.break_glass.forms import BreakGlassRead, BreakGlassReview, SealedRead
from console.people.sections import Section, sections_for
from console.questions import Resource
from console.web.forms import Form
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import BreakGlass, Profile, SealedCredential

MOST = 100


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page of break glass shows."""

    enabled: bool
    sealed: Sequence[SealedRead]
    uses: Sequence[BreakGlassRead]
    waiting: Sequence[BreakGlassRead]
    form: Form[BreakGlassReview]
    sections: Sequence[Section]


async def read_overview(work: UnitOfWork) -> Overview:
    """Return who holds credentials, and the newest uses.

    Raises:
        RefusedError: the principal may not see them.
    """
    await work.authorize(Permission.BREAK_GLASS_READ, Resource("break_glass"))
    may_review = await work.allowed(Permission.BREAK_GLASS_REVIEW, Resource("break_glass"))
    newest = select(BreakGlass).order_by(col(BreakGlass.id).desc()).limit(MOST)
    unspent = select(SealedCredential).where(col(SealedCredential.spent).is_(None))
    async with work.read() as session:
        uses, sealed = (await session.exec(newest)).all(), (await session.exec(unspent)).all()
        people = {one.person_id for one in uses} | {one.person_id for one in sealed}
        names = await _handles(session, people | {one.reviewed_by for one in uses if one.reviewed_by})
    found = [_read(work, one, names, may_review=may_review) for one in uses]
    return Overview(
        enabled=work.services.settings.break_glass.enabled,
        sealed=[SealedRead(holder=names[one.person_id], created=format_time(one.created)) for one in sealed],
        uses=found,
        waiting=[use for use in found if use.may_review],
        form=Form(),
        sections=await sections_for(work),
    )


def _read(
    work: UnitOfWork, use: BreakGlass, names: Mapping[UUID | None, str], *, may_review: bool
) -> BreakGlassRead:
    is_open = use.closed is None and use.ends > work.now
    state = "open" if is_open else "unreviewed" if use.reviewed is None else "reviewed"
    others = work.principal.id not in {use.person_id, use.admitted_id}
    return BreakGlassRead(
        id=use.id,
        holder=names[use.person_id],
        opened=format_time(use.opened),
        ends=format_time(use.closed or use.ends),
        state=state,
        reviewed_by=names.get(use.reviewed_by),
        repaired=use.admitted_id is not None,
        may_review=may_review and others and state == "unreviewed",
    )


async def _handles(session: AsyncSession, people: Collection[UUID]) -> Mapping[UUID | None, str]:
    found = await session.exec(select(Profile).where(col(Profile.person_id).in_(people)))
    known = {one.person_id: one.handle for one in found}
    return {one: known.get(one, str(one)) for one in people}
