"""Decisions of the last days, out of the log: each with its input, as its sealed part keeps it.

A call that reused a decision is taken with the input of the one it reused. What cannot be read any more,
because a person was erased or details were removed, is counted.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from audit.body import SealedPart, decode_parts, open_part
from audit.errors import PartError
from audit.head import Head
from audit.models import body, entry
from console.services import Services
from policy.replay import Past

AT_ONCE: Final = 500
MOST: Final = 20_000
PART: Final = "decision"


@dataclass
class Read:
    """What was read so far: by decision, and how many could not be."""

    by_decision: dict[UUID, Past] = field(default_factory=dict)
    unreadable: int = 0


async def read_pasts(services: Services, since: int, read: Read, most: int = MOST) -> AsyncIterator[Past]:
    """Yield the newest decisions since a time (microseconds UTC), at most `most`, oldest first.

    Raises:
        audit.errors.KeyStoreError: the keys cannot be read now.
    """
    after = await _before_newest(services, since, most)
    while rows := await _chunk(services, since, after):
        opened = await _open(services, [row.parts for row in rows])
        for row, content in zip(rows, opened, strict=True):
            past = _past(Head.parse(bytes(row.head)), content, read)
            if past is not None:
                yield past
        after = rows[-1].index


async def _before_newest(services: Services, since: int, most: int) -> int:
    decided = sa.select(entry.c.index).where(entry.c.decision.is_not(None), entry.c.time >= since)
    newest = decided.order_by(entry.c.index.desc()).offset(most).limit(1)
    async with services.log.engine.connect() as connection:
        found = await connection.scalar(newest)
    return -1 if found is None else int(found)


async def _chunk(services: Services, since: int, after: int) -> Sequence[Any]:
    chosen = (
        sa.select(entry.c.index, entry.c.head, body.c.parts)
        .outerjoin(body, body.c.index == entry.c.index)
        .where(entry.c.decision.is_not(None), entry.c.time >= since, entry.c.index > after)
        .order_by(entry.c.index)
        .limit(AT_ONCE)
    )
    async with services.log.engine.connect() as connection:
        return (await connection.execute(chosen)).all()


async def _open(services: Services, bodies: Sequence[bytes | None]) -> list[Mapping[str, Any] | None]:
    parts = [_decision_part(bytes(one)) if one is not None else None for one in bodies]
    keys = await services.keys.find_all(part.subject for part in parts if part is not None)
    return [_content(part, keys) for part in parts]


def _decision_part(stored: bytes) -> SealedPart | None:
    return next((part for part in decode_parts(stored) if part.name == PART), None)


def _content(part: SealedPart | None, keys: Mapping[UUID | None, Any]) -> Mapping[str, Any] | None:
    key = keys.get(part.subject) if part is not None else None
    if part is None or key is None:
        return None
    try:
        return open_part(part, key)
    except PartError:
        return None


def _past(head: Head, content: Mapping[str, Any] | None, read: Read) -> Past | None:
    if content is not None and "input" in content:
        result = content["result"]
        past = Past(head.id, content["input"], result["allow"], tuple(result["reasons"]))
        if head.decision is not None:
            read.by_decision[head.decision] = past
        return past
    reused = read.by_decision.get(head.evaluation) if head.evaluation else None
    if reused is None:
        read.unreadable += 1
        return None
    return Past(head.id, reused.document, reused.allow, reused.reasons)
