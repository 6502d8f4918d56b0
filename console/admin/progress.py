"""How far the log is: what waits for it, what it holds, and how much of that is signed."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from audit.models import Outbox
from console.clock import MICROSECONDS
from console.services import Services

PROMPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class LogProgress:
    """Entries in the log, those signed, and acts that still wait for it; times in microseconds."""

    size: int
    signed: int
    signed_at: int | None
    waiting: int
    oldest: int | None
    now: int

    @property
    def behind(self) -> int:
        """Whole seconds for which the oldest unsigned act has waited; 0 when nothing waits."""
        since = self.oldest or (self.signed_at if self.size > self.signed else None)
        return max(0, self.now - since) // MICROSECONDS if since else 0

    @property
    def is_prompt(self) -> bool:
        """Whether the worker keeps up."""
        return self.signed > 0 and self.behind < PROMPT_SECONDS

    def sentence(self) -> str:
        """Return the progress in one short sentence."""
        if not self.signed:
            return "The audit log is not signed yet"
        if self.is_prompt:
            return f"Audit log signed, {self.signed:,} entries"
        return f"Audit log {self.behind:,} s behind, {self.waiting + self.size - self.signed:,} entries wait"


async def log_progress(services: Services) -> LogProgress:
    """Return how far the log is.

    Raises:
        SQLAlchemyError: one of the two databases does not answer.
    """
    async with services.database.read() as session:
        query = select(sa.func.count(), sa.func.min(col(Outbox.created)))
        waiting, oldest = (await session.exec(query)).one()
    checkpoint = await services.log.latest_checkpoint()
    return LogProgress(
        size=await services.log.size(),
        signed=checkpoint.size if checkpoint else 0,
        signed_at=checkpoint.time if checkpoint else None,
        waiting=waiting,
        oldest=oldest,
        now=services.clock(),
    )
