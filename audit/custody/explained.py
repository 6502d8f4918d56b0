"""Whether a version of history is what an act in the log wrote: one in the table alone proves nothing."""

from audit import history
from audit.head import Head
from audit.models import RowVersion
from audit.reader import LogReader


async def is_logged(log: LogReader, version: RowVersion) -> bool:
    """Say whether the log holds the act that wrote this version, and wrote it as it stands here."""
    # The stored hash is a column like any other: what the act signed is the hash of what stands here.
    stated = history.hash_stated(
        version.kind, version.row_id, version.row, version.valid_from, version.valid_to
    )
    if stated != version.row_hash:
        return False
    entry = await log.entry_by_id(version.event_id)
    return entry is not None and Head.parse(entry.head).state == history.state_digest([version.row_hash])
