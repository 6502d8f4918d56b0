"""A range of the log as one text that proves its own completeness; what is out of scope shows as a hash."""

from typing import Final

import sqlalchemy as sa

from audit.errors import ProofError
from audit.event import Part
from audit.events import Action
from audit.models import entry
from audit.reader import StoredCheckpoint
from audit.tree.range_proof import RangeProof, Shown, format_range
from console.errors import InvalidInputError, NotFoundError, ServiceUnavailableError
from console.questions import Resource
from console.trail.reach import Reach, read_reach
from console.work import UnitOfWork
from policy.permissions import Permission

LARGEST: Final = 5_000
UNSIGNED: Final = "The log is not signed that far. Try again in a moment."


async def export_range(work: UnitOfWork, first: int, last: int) -> bytes:
    """Return the entries `first` to `last`, both included, with the proof that none is left out.

    Raises:
        RefusedError: the principal audits nothing.
        InvalidInputError: the range ends before it begins, or is too long.
        NotFoundError: the log does not reach that far.
        ServiceUnavailableError: it is not signed that far yet.
    """
    await work.authorize(Permission.AUDIT_EXPORT, Resource("audit"))
    if not 0 <= first <= last < first + LARGEST:
        sentence = f"A range has 1 to {LARGEST} entries, the first before the last."
        raise InvalidInputError(sentence, ("invalid_range",), {"last": sentence})
    signed = await _signed(work, last)
    places = await _places(work, await read_reach(work), first, last)
    shown = sum(one.entry is not None for one in places)
    await _record(work, {"first": first, "last": last, "shown": shown})
    hashes = await _hashes(work, first, last, signed)
    return format_range(RangeProof(first, tuple(hashes), tuple(places), signed.note.encode()))


async def _signed(work: UnitOfWork, last: int) -> StoredCheckpoint:
    found = await work.services.log.receipt_checkpoint(last)
    if found is not None:
        return found
    if last >= await work.services.log.size():
        raise NotFoundError("The log does not reach that far.")
    raise ServiceUnavailableError(UNSIGNED, ("unsigned",))


async def _places(work: UnitOfWork, reach: Reach, first: int, last: int) -> list[Shown]:
    index, shown = entry.c.index, reach.condition.label("shown")
    chosen = sa.select(entry.c.leaf, entry.c.head, shown).where(index >= first, index <= last).order_by(index)
    async with work.services.log.engine.connect() as connection:
        rows = (await connection.execute(chosen)).all()
    return [Shown(bytes(row.leaf), bytes(row.head) if row.shown else None) for row in rows]


async def _hashes(work: UnitOfWork, first: int, last: int, signed: StoredCheckpoint) -> list[bytes]:
    try:
        return await work.services.log.range_hashes(first, last, signed.size)
    except ProofError as error:
        raise NotFoundError(str(error)) from None


async def _record(work: UnitOfWork, content: dict[str, object]) -> None:
    async with work.write():
        await work.record(
            Action.AUDIT_EXPORT,
            resource=Resource("audit"),
            parts=[Part(name="range", subject=None, content=content)],
        )
