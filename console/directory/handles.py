"""Handles for many new people at once: one look at the taken ones for the whole batch."""

from itertools import count

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.handles import clean_handle
from sso.models import Profile


class Handles:
    """Gives out handles nobody has; within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        """Look at the handles in `session` when the first is asked for."""
        self._session = session
        self._taken: set[str] | None = None

    async def take(self, suggestion: str) -> str:
        """Return the cleaned suggestion, or the same with the first free number, and remember it as taken."""
        if self._taken is None:
            self._taken = set(await self._session.exec(select(col(Profile.handle))))
        wanted = clean_handle(suggestion)
        numbered = (f"{wanted}-{number}" for number in count(2))
        free = (
            wanted if wanted not in self._taken else next(one for one in numbered if one not in self._taken)
        )
        self._taken.add(free)
        return free
