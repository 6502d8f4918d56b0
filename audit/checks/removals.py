"""Which bodies may be missing: those of the runs that a tombstone in the log speaks of, and of no others.

The runs are rows that a database administrator could write; what the tombstone says of them is in the tree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit import canonical
from audit.custody.removal import RUNS, digest_of_runs
from audit.errors import CanonicalError
from audit.events import Action
from audit.models import entry, pruned


@dataclass(frozen=True, slots=True)
class Run:
    """Entries of one class, the last one included, whose bodies were removed."""

    first: int
    last: int
    retention: str


async def load_removed(connection: AsyncConnection, chunk: range) -> list[Run]:
    """Return the runs in ``chunk`` whose bodies a tombstone in the log says were removed."""
    here = (pruned.c.first_index < chunk.stop, pruned.c.last_index >= chunk.start)
    tombstones = sa.select(pruned.c.entry).where(*here)
    chosen = (
        sa.select(pruned, entry.c.head)
        .join(entry, entry.c.index == pruned.c.entry)
        .where(pruned.c.entry.in_(tombstones), entry.c.action == str(Action.LOG_PRUNE))
        .order_by(pruned.c.entry, pruned.c.first_index)
    )
    rows = (await connection.execute(chosen)).mappings().all()
    found = [_runs_told(list(group)) for _, group in groupby(rows, itemgetter("entry"))]
    return [run for runs in found for run in runs if run.first < chunk.stop and run.last >= chunk.start]


def _runs_told(rows: Sequence[sa.RowMapping]) -> list[Run]:
    """Return the runs kept for one tombstone; none when they are not the ones it speaks of."""
    flags = _flags(bytes(rows[0]["head"]))
    bound = f"{RUNS}{digest_of_runs((row['first_index'], row['last_index']) for row in rows)}"
    if bound not in flags or any(f"class:{row['retention']}" not in flags for row in rows):
        return []
    return [Run(row["first_index"], row["last_index"], row["retention"]) for row in rows]


def _flags(head: bytes) -> Sequence[object]:
    try:
        fields: Mapping[str, object] = canonical.decode_map(head)
    except CanonicalError:
        return ()
    flags = fields.get("flags")
    return flags if isinstance(flags, list) else ()
