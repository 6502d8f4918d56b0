"""One way to answer changes: where they are found, which right it takes, and what the last one sets off."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.changes.facts import AnsweredChange
from console.work import UnitOfWork
from policy.permissions import Permission

Kept = TypeVar("Kept", bound=AnsweredChange)


@dataclass(frozen=True)
class Answering(Generic[Kept]):
    """How changes of some kinds are answered.

    Attributes:
        find: reads one by id as of a moment; with True it keeps others from changing it meanwhile.
        execute: carries out an approved one, in the transaction of the last answer.
    """

    action: Action
    reviewing: Permission
    reading: Permission
    find: Callable[[AsyncSession, UUID, int, bool], Awaitable[Kept | None]]
    execute: Callable[[UnitOfWork, AsyncSession, Kept, int], Awaitable[object]]
