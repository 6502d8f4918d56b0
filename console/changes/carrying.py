"""Acts that take two people: asked for, or done at once by whom one person suffices (the first days)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.asking import propose
from console.changes.forms import ChangeCreated
from console.changes.kinds import Content, KeptChange, Subject, kind_of
from console.first_days import acts_alone, first_days_flags
from console.work import Row, UnitOfWork
from policy.models import ChangeKind


@dataclass(frozen=True, slots=True)
class Because:
    """What an act follows from: the approved change, or nobody but who does it (`flags` then say so)."""

    request: UUID | None = None
    flags: tuple[str, ...] = ()


Do = Callable[[UnitOfWork, AsyncSession, Content, Because], Awaitable[None]]


class Carried(BaseModel):
    """What became of it: `done`, or `pending` until somebody else has answered `change`."""

    state: str
    id: UUID | None = None
    change: ChangeCreated | None = None


async def do_or_ask(
    work: UnitOfWork, kind: ChangeKind, subject: Subject, reason: str, do: Do, *, two: bool = True
) -> Carried:
    """Do what the caller has been authorized to, or ask for it where it takes a second person.

    Raises:
        ConflictError: it cannot be done as things stand, or the same is pending.
    """
    async with work.read() as session:
        alone = not two or await acts_alone(work, session)
    if not alone:
        return Carried(state="pending", change=await propose(work, kind, subject, reason))
    async with work.write() as session:
        if objection := await kind_of(kind).check(work.services, session, subject.content):
            raise objection.error()
        because = Because(flags=await first_days_flags(work, session))
        await do(work, session, subject.content, because)
    return Carried(state="done", id=subject.id)


def executing(
    do: Do,
) -> Callable[[UnitOfWork, AsyncSession, KeptChange, int], Awaitable[Sequence[Row]]]:
    """Return how an approved change does the same; its check is asked once more in the transaction."""

    async def execute(work: UnitOfWork, session: AsyncSession, found: KeptChange, _now: int) -> Sequence[Row]:
        if objection := await found.kind.check(work.services, session, found.content):
            raise objection.error()
        await do(work, session, found.content, Because(request=found.change.id))
        return ()

    return execute
