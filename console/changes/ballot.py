"""A unit of work that signs several reviews: each is recorded with the decision that allowed it."""

from typing import Generic
from uuid import UUID

from console.changes.answering import Answering, Kept
from console.changes.plans import plan_for
from console.changes.seen import authorize_seen, nothing
from console.changes.sheet import Sheet
from console.errors import ConflictError, RefusedError
from console.questions import Resource
from console.work import UnitOfWork
from policy.plan import Plan


class Ballot(Sheet, Generic[Kept]):
    """The reviews that one stepped-up sign-in signs, each under the plan it was admitted by."""

    def __init__(self, work: UnitOfWork, kind: Answering[Kept]) -> None:
        """Sign for the principal of `work`."""
        super().__init__(work, kind.action)
        self.kind = kind
        self._plans: dict[UUID, Plan] = {}

    async def admit(self, change_id: UUID) -> None:
        """Authorize an answer to one change: rights first, then step-up.

        Raises:
            NotFoundError: no such change, or none the principal may read.
            RefusedError: the principal may not answer, or has to sign in anew.
            ConflictError: the principal has answered.
        """
        async with self.read() as session:
            found = await self.kind.find(session, change_id, self.now, False)  # noqa: FBT003 - a callable has no names
        if found is None:
            raise nothing()
        resource = found.resource()
        await self._authorize_review(resource)
        self._plans[change_id] = await self._plan(found)
        self.keep(change_id, resource)

    def plan_of(self, change_id: UUID) -> Plan:
        """Return the plan under which this change was admitted."""
        return self._plans[change_id]

    async def _authorize_review(self, resource: Resource) -> None:
        try:
            await authorize_seen(self, self.kind.reviewing, resource, self.kind.reading)
        except RefusedError as error:
            if "already_reviewed" in error.reasons:
                raise ConflictError("You have answered this request.", ("already_reviewed",)) from None
            raise

    async def _plan(self, found: Kept) -> Plan:
        """Return the stored plan, or a new one when another policy is active than when it was asked."""
        if found.change.policy_revision != self.services.policy_revision:
            return await plan_for(self, found.document())
        return found.plan
