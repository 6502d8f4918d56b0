"""A unit of work that signs several answers: each is recorded with the decision that allowed it."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Outcome
from audit.events import Action
from console.changes.seen import authorize_seen
from console.errors import RefusedError
from console.questions import Resource
from console.work import UnitOfWork
from policy.decision import Decision, Query
from policy.models import SignInUse
from policy.permissions import Permission
from sso.principal import STEP_UP_MAX_AGE


class SignInSpentError(Exception):
    """The sign-in has signed a submission before."""


class Sheet(UnitOfWork):
    """The answers about grants that one stepped-up sign-in signs."""

    def __init__(self, work: UnitOfWork) -> None:
        """Sign for the principal of `work`."""
        super().__init__(work.services, work.principal, work.origin)
        self._admitted_items: dict[UUID, tuple[Decision | None, Query | None, Resource]] = {}

    async def admit(self, resource: Resource) -> None:
        """Authorize an answer about one item: rights first, then step-up.

        Raises:
            NotFoundError: the principal may not read it.
            RefusedError: the principal may not answer, or has to sign in anew.
        """
        await authorize_seen(self, Permission.CAMPAIGN_REVIEW, resource, Permission.CAMPAIGN_READ)
        if resource.id is not None:
            self._admitted_items[resource.id] = (self.decision, self._query, resource)

    def turn_to(self, item_id: UUID) -> Resource:
        """Let what is recorded next rest on the decision about this item."""
        self.decision, self._query, resource = self._admitted_items[item_id]
        return resource

    async def spend_sign_in(self, session: AsyncSession) -> None:
        """Use the sign-in up, in the transaction of the answers.

        Raises:
            SignInSpentError: it has signed before.
        """
        key = self.principal.authentication.sign_in_key()
        session.add(SignInUse(key=key, submission_id=uuid7(), created=self.now))
        try:
            await session.flush()
        except IntegrityError:
            raise SignInSpentError from None

    async def refuse_spent(self) -> RefusedError:
        """Record that a sign-in was used a second time, and return the challenge for a new one."""
        async with self.write():
            for item_id in self._admitted_items:
                resource = self.turn_to(item_id)
                reasons = ("sign_in_used",)
                await self.record(
                    Action.CAMPAIGN_REVIEW, resource=resource, reasons=reasons, outcome=Outcome.DENIED
                )
        acr = list(self.services.sign_in.allowed_acr(self.principal.authentication.issuer))
        return RefusedError(
            "This sign-in has signed already; confirm once more that it is you.",
            ("sign_in_used",),
            decision_id=self.decision.id if self.decision else None,
            obligations=({"type": "step_up", "max_age": STEP_UP_MAX_AGE, "acr": acr},),
        )
