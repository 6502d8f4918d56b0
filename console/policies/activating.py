"""Makes a kept revision the one that decides: the last step of a change that two people made."""

from typing import Final
from uuid import UUID, uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.errors import ConflictError, NotFoundError
from console.policies.active import read_active
from console.policies.bundles import find_revision, keep_bundle
from console.policies.rows import active_row
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import ActivePolicy
from sso.principal import SYSTEM_NAMESPACE

ACTIVE_ID: Final = uuid5(SYSTEM_NAMESPACE, "active-policy")
UNKNOWN: Final = "No revision of this name is kept here."
SAME: Final = "This revision decides already."


async def activate(work: UnitOfWork, revision: str, *, change: UUID) -> None:
    """Let `revision` decide from the commit of the caller's open write on; one event tells of it.

    Every process learns it within half a second. The worker then signs the revision
    (`console.policies.signing`), engines take it when its signature holds, and for five seconds answers of
    the revision before still count (`console.policies.active.GRACE`).

    Raises:
        NotFoundError: its files are not kept; `console.policies.bundles.keep_bundle` keeps them.
        ConflictError: it decides already.
        BundleError: its files were changed since they were kept.
    """
    shipped = work.services.policies.shipped
    async with work.read() as session:
        before = await read_active(session, shipped)
        if before.revision == revision:
            raise ConflictError(SAME, ("already_active",))
        if await find_revision(session, revision, shipped) is None:
            raise NotFoundError(UNKNOWN, ("unknown_revision",))
        # What decided until now is kept too: somebody may want it back.
        await keep_bundle(session, shipped.files, work.now)
        row = await _put(session, revision, before.revision, change, work.now)
        told = {"revision": revision, "previous": before.revision}
        await work.record(
            Action.POLICY_ACTIVATE,
            resource=Resource("policy", ACTIVE_ID),
            request=change,
            rows=[active_row(row, row.activated)],
            parts=[Part(name="policy", subject=None, content=told)],
        )


async def _put(session: AsyncSession, revision: str, previous: str, change: UUID, now: int) -> ActivePolicy:
    row = await session.get(ActivePolicy, ACTIVE_ID)
    if row is None:
        row = ActivePolicy(
            id=ACTIVE_ID, revision=revision, previous=previous, change_id=change, activated=now
        )
    row.revision, row.previous, row.change_id, row.activated = revision, previous, change, now
    session.add(row)
    await session.flush()
    return row
