"""Opens the details of entries for a follower that may have them, with the keys that still exist."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.body import SealedPart, decode_parts, open_part
from audit.errors import CanonicalError, PartError
from audit.models import body, entry
from audit.sinks.port import Shipment
from audit.sinks.told import NOBODY, Told, collect
from audit.subjects.keyring import SubjectKey
from audit.subjects.subject_keys import KeyStore

Keys = Mapping[UUID | None, SubjectKey | None]


class Telling:
    """Reads bodies of the log behind ``engine`` and opens them with ``keys``."""

    def __init__(self, engine: AsyncEngine, keys: KeyStore) -> None:
        self._engine = engine
        self._keys = keys

    async def read(self, indexes: Sequence[int]) -> Mapping[int, Told]:
        """Return what can be told of the entries at ``indexes``: nothing of what was erased or removed.

        Raises:
            KeyStoreError: the keys cannot be read now.
        """
        stored = [(index, action, _parts(parts)) for index, action, parts in await self._bodies(indexes)]
        subjects = {part.subject for _, _, parts in stored for part in parts}
        keys = await self._keys.find_all(subjects) if subjects else {}
        told = {index: collect(action, _opened(parts, keys)) for index, action, parts in stored}
        return {index: one for index, one in told.items() if one is not None}

    async def add(self, entries: Sequence[Shipment]) -> Sequence[Shipment]:
        """Return ``entries`` with what can be told of each; raises as ``read``."""
        told = await self.read([one.index for one in entries])
        return [replace(one, told=told.get(one.index)) for one in entries]

    async def _bodies(self, indexes: Sequence[int]) -> Sequence[Any]:
        if not indexes:
            return ()
        joined = sa.join(body, entry, body.c.index == entry.c.index)
        wanted = sa.select(entry.c.index, entry.c.action, body.c.parts).select_from(joined)
        first, last = min(indexes), max(indexes)
        here = body.c.index.between(first, last)
        if last - first >= 2 * len(indexes):
            here = body.c.index.in_(indexes)
        async with self._engine.connect() as connection:
            return (await connection.execute(wanted.where(here))).all()


def _parts(stored: bytes) -> Sequence[SealedPart]:
    try:
        return decode_parts(bytes(stored))
    except (CanonicalError, PartError):
        return ()  # the patrol tells of what was altered


def _opened(parts: Sequence[SealedPart], keys: Keys) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    for part in parts:
        key = keys.get(part.subject)
        if key is None:
            continue
        try:
            content = open_part(part, key)
        except PartError:
            continue
        yield part.name, NOBODY if part.subject is None else str(part.subject), content
