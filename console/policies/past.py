"""Decisions of the last days, out of the log, in pieces: each with its input, as its sealed part keeps it.

A call that reused a decision is taken with the input of the one it reused. What cannot be read any more,
because a person was erased or details were removed, is counted; so is what is not as it was signed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from audit.body import SealedPart, check_parts, decode_parts, open_part
from audit.errors import AuditError
from audit.head import Head
from audit.models import body, entry
from audit.subjects.keyring import SubjectKey
from console.services import Services
from policy.replay import PIECE, Past

KEPT: Final = 2_000
"""How many decisions are remembered for the calls that reuse them; for others the log is asked."""
AT_ONCE: Final = 500
PART: Final = "decision"
Keys = Mapping[UUID | None, SubjectKey | None]
Known = dict[UUID, Past]


@dataclass(frozen=True, slots=True)
class Piece:
    """Decisions that follow one another in the log; `position` is the index of the last.

    `unreadable` more were there, `altered` of which are not as they were signed.
    """

    position: int
    pasts: Sequence[Past]
    unreadable: int
    altered: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the log keeps of a decision: its head, and what its sealed part says where it can be opened."""

    head: Head | None = None
    part: SealedPart | None = None
    own: Past | None = None
    altered: bool = False


class PastReader:
    """Reads the decisions since a time (microseconds UTC), oldest first, between two indexes of the log.

    What it holds does not grow with how many there are.
    """

    def __init__(self, services: Services, since: int, after: int, until: int) -> None:
        """Begin behind the index `after`; `until` is the last that is read."""
        self._services = services
        self._since, self._until = since, until
        self._position = after
        self._remembered: OrderedDict[UUID, Past] = OrderedDict()

    async def read(self, size: int = PIECE) -> Piece | None:
        """Return the next decisions, None at the end.

        Raises:
            KeyStoreError: the keys cannot be read now.
        """
        rows = await self._rows(
            sa.and_(
                entry.c.decision.is_not(None),
                entry.c.time >= self._since,
                entry.c.index.between(self._position + 1, self._until),
            ),
            size,
        )
        if not rows:
            return None
        self._position = int(rows[-1].index)
        entries = await self._open(rows)
        pasts = await self._resolve(entries)
        altered = sum(one.altered for one in entries)
        return Piece(self._position, pasts, len(entries) - len(pasts), altered)

    async def _rows(self, chosen: sa.ColumnElement[bool], size: int) -> Sequence[Any]:
        query = sa.select(entry.c.index, entry.c.head, body.c.parts)
        query = query.outerjoin(body, body.c.index == entry.c.index).where(chosen)
        async with self._services.log.engine.connect() as connection:
            return (await connection.execute(query.order_by(entry.c.index).limit(size))).all()

    async def _open(self, rows: Sequence[Any]) -> list[_Entry]:
        entries = await asyncio.to_thread(lambda: [_entry(row.head, row.parts) for row in rows])
        keys = await self._services.keys.find_all(one.part.subject for one in entries if one.part)
        return await asyncio.to_thread(lambda: [_opened(one, keys) for one in entries])

    async def _resolve(self, entries: Sequence[_Entry]) -> list[Past]:
        known = _by_decision(entries)
        reused = {one.head.evaluation for one in entries if one.own is None and one.head}
        named = [name for name in reused if name is not None and name not in known]
        known |= {name: self._remembered[name] for name in named if name in self._remembered}
        known |= await self._find([name for name in named if name not in known])
        self._remember(known)
        found = (one.own or _again(one.head, known) for one in entries)
        return [past for past in found if past is not None]

    async def _find(self, decisions: Sequence[UUID]) -> Known:
        """Return decisions that calls of this piece reused, from wherever in the log they are."""
        found: Known = {}
        for first in range(0, len(decisions), AT_ONCE):
            some = entry.c.decision.in_(decisions[first : first + AT_ONCE])
            found |= _by_decision(await self._open(await self._rows(some, AT_ONCE)))
        return found

    def _remember(self, known: Known) -> None:
        for name, past in known.items():
            self._remembered[name] = past
            self._remembered.move_to_end(name)
        while len(self._remembered) > KEPT:
            self._remembered.popitem(last=False)


def _by_decision(entries: Sequence[_Entry]) -> Known:
    return {one.head.decision: one.own for one in entries if one.own and one.head and one.head.decision}


def _entry(head: bytes, parts: bytes | None) -> _Entry:
    try:
        parsed = Head.parse(bytes(head))
        if parts is None:
            return _Entry(parsed)
        sealed = decode_parts(bytes(parts))
        check_parts(sealed, parsed.body)
    except AuditError:
        return _Entry(altered=True)
    return _Entry(parsed, next((part for part in sealed if part.name == PART), None))


def _opened(one: _Entry, keys: Keys) -> _Entry:
    key = keys.get(one.part.subject) if one.part else None
    if one.head is None or one.part is None or key is None:
        return one
    try:
        content = open_part(one.part, key)
    except AuditError:
        return _Entry(one.head, altered=True)
    return _Entry(one.head, one.part, _taken(one.head, content))


def _taken(head: Head, content: Mapping[str, Any]) -> Past | None:
    try:
        result = content["result"]
        past = Past(head.id, content["input"], result["allow"], tuple(result["reasons"]))
        past.query  # noqa: B018 - what lacks a part of today's question cannot be asked again
    except (KeyError, TypeError):
        return None
    return past


def _again(head: Head | None, known: Known) -> Past | None:
    reused = known.get(head.evaluation) if head is not None and head.evaluation else None
    return Past(head.id, reused.document, reused.allow, reused.reasons) if head and reused else None
