"""Handles for many new people at once: one look at the taken ones for all of them."""

from collections.abc import Iterable, Sequence
from itertools import count

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.handles import clean_handle
from sso.models import Profile


class Handles:
    """Gives out handles nobody has; within one transaction."""

    def __init__(self, session: AsyncSession, taken: Iterable[str]) -> None:
        """Know of `taken`; whoever wants what begins with one of them asks `session` for its like."""
        self._session = session
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    @classmethod
    async def near(cls, session: AsyncSession, suggestions: Sequence[str]) -> "Handles":
        """Return those that look once at which of the cleaned `suggestions` somebody has."""
        wanted = {clean_handle(one) for one in suggestions}
        query = select(Profile.handle).where(col(Profile.handle).in_(wanted))
        return cls(session, await session.exec(query))

    async def take(self, suggestion: str) -> str:
        """Return the cleaned suggestion, or the same with the first free number, and remember it as taken."""
        wanted = clean_handle(suggestion)
        free = wanted if wanted not in self._taken else await self._numbered(wanted)
        self._taken.add(free)
        return free

    async def _numbered(self, wanted: str) -> str:
        if wanted not in self._next:
            # Only somebody's namesake has to know how many there are.
            like = col(Profile.handle).startswith(f"{wanted}-", autoescape=True)
            self._taken.update(await self._session.exec(select(Profile.handle).where(like)))
        numbers = count(self._next.get(wanted, 2))
        number = next(one for one in numbers if f"{wanted}-{one}" not in self._taken)
        self._next[wanted] = number + 1
        return f"{wanted}-{number}"
