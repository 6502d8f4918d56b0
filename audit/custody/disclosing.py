"""Which followers are told details in clear: what two people approved, as far as the log explains it.

A row counts only if the newest state that history has of it is the same, and the act that wrote that state is
in the log with its hash: whoever inserts one in SQL lets no follower have anything.
"""

from collections.abc import Mapping
from typing import Final

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.explained import is_explained
from audit.models import Disclosure
from audit.reader import LogReader

DISCLOSURE: Final = "disclosure"


def disclosure_state(row: Disclosure) -> dict[str, object]:
    """Return a disclosure as history keeps it."""
    return {"sink": row.sink, "details": row.details, "change_id": str(row.change_id)}


async def read_disclosures(session: AsyncSession, log: LogReader, now: int) -> Mapping[str, bool]:
    """Return whether details are told, by follower; one that nobody ever decided on is absent.

    A row that the log does not explain tells nothing, and is not absent: its follower may hold details.
    """
    rows = (await session.exec(select(Disclosure))).all()
    return {
        row.sink: row.details
        and await is_explained(session, log, (DISCLOSURE, row.id), disclosure_state(row), now)
        for row in rows
    }
