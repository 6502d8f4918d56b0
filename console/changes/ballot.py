"""A unit of work that signs several reviews: each is recorded with the decision that allowed it."""

from typing import Generic
from uuid import UUID

from audit.event import Outcome
from console.changes.answering import Answering, Kept
from console.changes.plans import plan_for
from console.changes.seen import authorize_seen, nothing
from console.errors import ConflictError, RefusedError
from console.questions import Resource
from console.work import UnitOfWork
from policy.decision import Decision, Query
from policy.plan import Plan
from sso.principal import STEP_UP_MAX_AGE


class Ballot(UnitOfWork, Generic[Kept]):
    """The answers that one stepped-up sign-in signs."""

    def __init__(self, work: UnitOfWork, kind: Answering[Kept]) -> None:
        """Sign for the principal of `work`."""
        super().__init__(work.services, work.principal, work.origin)
        self.kind = kind
        self._admitted_items: dict[UUID, tuple[Decision | None, Query | None, Resource, Plan]] = {}

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
        plan = await self._plan(found)
        self._admitted_items[change_id] = (self.decision, self._query, resource, plan)

    def turn_to(self, change_id: UUID) -> tuple[Resource, Plan]:
        """Let what is recorded next rest on the decision about this change; return its resource and plan."""
        self.decision, self._query, resource, plan = self._admitted_items[change_id]
        return resource, plan

    async def refuse_spent(self) -> RefusedError:
        """Record that a sign-in was used a second time, and return the challenge for a new one."""
        async with self.write():
            for change_id in self._admitted_items:
                resource, _ = self.turn_to(change_id)
                await self.record(
                    self.kind.action,
                    resource=resource,
                    reasons=("sign_in_used",),
                    outcome=Outcome.DENIED,
                )
        acr = list(self.services.sign_in.allowed_acr(self.principal.authentication.issuer))
        step_up = {"type": "step_up", "max_age": STEP_UP_MAX_AGE, "acr": acr}
        return RefusedError(
            "This sign-in has signed already; confirm once more that it is you.",
            ("sign_in_used",),
            decision_id=self.decision.id if self.decision else None,
            obligations=(step_up,),
        )

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
