"""A unit of work that signs several answers: each is recorded with the decision that allowed it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Outcome
from audit.events import Action
from console.errors import RefusedError
from console.questions import Resource
from console.work import UnitOfWork
from policy.decision import Decision, Query
from policy.models import SignInUse
from sso.principal import STEP_UP_MAX_AGE

Signed = TypeVar("Signed")


class SignInSpentError(Exception):
    """The sign-in has signed a submission before."""


class Sheet(UnitOfWork):
    """The answers that one stepped-up sign-in signs."""

    def __init__(self, work: UnitOfWork, action: Action) -> None:
        """Sign for the principal of `work`; what is refused is recorded as a refused `action`."""
        super().__init__(work.services, work.principal, work.origin)
        self._action = action
        self._admitted_items: dict[UUID, tuple[Decision | None, Query | None, Resource]] = {}

    def keep(self, item_id: UUID, resource: Resource) -> None:
        """Keep the decision just had about one item, for its record."""
        self._admitted_items[item_id] = (self.decision, self._query, resource)

    def turn_to(self, item_id: UUID) -> Resource:
        """Let what is recorded next rest on the decision about this item; return its resource."""
        self.decision, self._query, resource = self._admitted_items[item_id]
        return resource

    async def sign(self, answer_all: Callable[[AsyncSession], Awaitable[Signed]]) -> Signed:
        """Use the sign-in up and write the answers, in one transaction.

        Raises:
            RefusedError: the sign-in has signed before. That is recorded for every item, and the error holds
                the challenge for a new one.
        """
        try:
            async with self.write() as session:
                await self._spend_sign_in(session)
                return await answer_all(session)
        except SignInSpentError:
            refusal = await self._refuse_spent()
        raise refusal

    async def _spend_sign_in(self, session: AsyncSession) -> None:
        key = self.principal.authentication.sign_in_key()
        session.add(SignInUse(key=key, submission_id=uuid7(), created=self.now))
        try:
            await session.flush()
        except IntegrityError:
            raise SignInSpentError from None

    async def _refuse_spent(self) -> RefusedError:
        reasons = ("sign_in_used",)
        async with self.write():
            for item_id in self._admitted_items:
                resource = self.turn_to(item_id)
                await self.record(self._action, resource=resource, reasons=reasons, outcome=Outcome.DENIED)
        acr = list(self.services.sign_in.allowed_acr(self.principal.authentication.issuer))
        return RefusedError(
            "This sign-in has signed already; confirm once more that it is you.",
            reasons,
            decision_id=self.decision.id if self.decision else None,
            obligations=({"type": "step_up", "max_age": STEP_UP_MAX_AGE, "acr": acr},),
        )
