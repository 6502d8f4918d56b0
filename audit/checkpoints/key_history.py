"""Which key signs which sizes: told by the log's own entries, the first one and every ``log.rotate``.

The flags of those heads are what a stranger can follow from the key that was pinned first; the policy file
is made of the same.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.checkpoints.note import parse_vkey
from audit.checkpoints.trust import LogKey, Trust
from audit.events import Action
from audit.head import Head, parse_time
from audit.models import entry

VKEY: Final = "vkey:"
FORMER: Final = "former_vkey:"
FROM_INDEX: Final = "from_index:"
OVERLAP: Final = "overlap_until:"
COSIGNER: Final = "cosigner:"
LOST: Final = "former_key_lost"
_CHANGES: Final = (
    sa.select(entry.c.head)
    .where(entry.c.action.in_((Action.LOG_GENESIS, Action.LOG_ROTATE)))
    .order_by(entry.c.index)
)


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """One key of the log and the sizes it signs.

    Attributes:
        vkey: the Ed25519 verifier key.
        first: the smallest size it signs.
        last: the largest, None for the key that signs now.
        also_until: it signs beside its successor until then, in microseconds UTC; 0 for not at all.
        cosigner: SHA-256 of the ML-DSA-44 verifier key that belongs to it, hex; None when there is none.
    """

    vkey: str
    first: int
    last: int | None = None
    also_until: int = 0
    cosigner: str | None = None


async def read_key_history(connection: AsyncConnection) -> tuple[KeyPeriod, ...]:
    """Return the keys of the log, oldest first; empty before it began."""
    periods: list[KeyPeriod] = []
    for row in await connection.execute(_CHANGES):
        flags = Head.parse(bytes(row.head)).flags
        first = int(find_flag(flags, FROM_INDEX) or 0)
        until = find_flag(flags, OVERLAP)
        if periods:
            overlap = parse_time(until) if until else 0
            periods[-1] = replace(periods[-1], last=first, also_until=overlap)
        periods.append(
            KeyPeriod(
                find_flag(flags, VKEY) or "", first + 1 if periods else 0, cosigner=find_flag(flags, COSIGNER)
            )
        )
    return tuple(periods)


def trust_of(history: tuple[KeyPeriod, ...]) -> Trust:
    """Return the policy that believes each Ed25519 key for its sizes."""
    return Trust(tuple(LogKey(parse_vkey(one.vkey), one.first, one.last) for one in history))


def find_flag(flags: tuple[str, ...], kind: str) -> str | None:
    """Return what follows ``kind`` in the first flag that begins with it."""
    return next((flag.removeprefix(kind) for flag in flags if flag.startswith(kind)), None)


def fingerprint(vkey: str) -> str:
    """Return the hex SHA-256 of a verifier key's text, short enough for a head."""
    return hashlib.sha256(vkey.encode()).hexdigest()
