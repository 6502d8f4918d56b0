"""Subject keys for the parts of an event that is about to be sealed."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.keyring import MemoryKeyRing
from audit.subject_keys import ensure_key


async def key_ring_for(session: AsyncSession, parts: Sequence[Part], kek: bytes, now: int) -> MemoryKeyRing:
    """Return a ring with the key of each subject that `parts` speak about, made where missing.

    A new key is committed with the record it seals, so a sealed part never outlives its key.
    """
    # In one order for all: two transactions that make the same new keys must not wait for each other.
    subjects = sorted({part.subject for part in parts}, key=str)
    return MemoryKeyRing([await ensure_key(session, subject, kek, now) for subject in subjects])
