"""The census: what a gateway says it took on, against what the log holds of it.

A gateway counts in memory the calls it writes down, by route, and writes the counts into its own spool; the
worker counts the same calls in the log, and its entry holds both numbers. Which calls is said by the
producer's own numbers, not by time, so that no clock has a say.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.event import Event, Outcome, Resource
from audit.events import Action
from audit.models import entry
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing

CENSUS_DIFFERS: Final = "census_differs"
CALLS: Final = Action.MODEL_INVOKE.value
_START: Final = f'{{"head":{{"action":"{Action.CENSUS_RECORD}"'.encode()
_CODE: Final = re.compile(r"(admitted|refused|total):(\d+)|numbers:(\d+)-(\d+)", re.ASCII)

Route = UUID | None


@dataclass(frozen=True, slots=True)
class Census:
    """What one producer says of one route: records it wrote with ``numbers``, and those of all routes."""

    route: Route
    admitted: int
    refused: int
    total: int
    numbers: range
    until: str

    def to_record(self, now: int) -> Record:
        """Return the record that a gateway writes into its spool."""
        return self._record(now, Outcome.UNKNOWN, ())

    def answered(self, counted: Counter[Route], now: int) -> Record:
        """Return the entry of the log: both numbers, and whether they are the same."""
        here = counted[self.route]
        same = here == self.admitted + self.refused and counted.total() == self.total
        codes = (f"entries:{here}", f"entries_total:{counted.total()}")
        return self._record(
            now,
            Outcome.SUCCESS if same else Outcome.FAILURE,
            codes if same else (CENSUS_DIFFERS, *codes),
        )

    def _record(self, now: int, outcome: Outcome, more: tuple[str, ...]) -> Record:
        said = (f"admitted:{self.admitted}", f"refused:{self.refused}", f"total:{self.total}")
        event = Event(
            action=Action.CENSUS_RECORD,
            actor=None,
            outcome=outcome,
            resource=Resource(type="route", id=self.route),
            reasons=(*more, *said),
            flags=(self.until, f"numbers:{self.numbers.start}-{self.numbers.stop}"),
        )
        return seal(event, time=now, keys=MemoryKeyRing())


def is_census(record: bytes) -> bool:
    """Return whether the bytes of a spool's entry are a census: it is answered before it is logged."""
    return record.startswith(_START)


def read_census(record: Record) -> Census:
    """Read what ``to_record`` made.

    Raises:
        ValueError: a number is missing.
    """
    fields = record.head_fields
    reasons, flags, resource = fields.get("reasons"), fields.get("flags"), fields.get("resource")
    if not isinstance(reasons, list) or not isinstance(flags, list) or not isinstance(resource, dict):
        raise ValueError("A census has reasons, flags and a route.")  # noqa: TRY004 - the record is wrong
    found = {match[1] or "numbers": match for code in (*reasons, *flags) if (match := _CODE.fullmatch(code))}
    if found.keys() != {"admitted", "refused", "total", "numbers"}:
        raise ValueError("A census has four numbers.")
    said = {name: int(match[2]) for name, match in found.items() if match[2]}
    numbers = range(int(found["numbers"][3]), int(found["numbers"][4]))
    route = UUID(resource["id"]) if "id" in resource else None
    return Census(route=route, **said, numbers=numbers, until=str(flags[0]))


async def count_logged(connection: AsyncConnection, producer: str, numbers: range) -> Counter[Route]:
    """Return how many records of calls the log holds of a producer's ``numbers``, by route."""
    columns = entry.c
    here = sa.and_(columns.number >= numbers.start, columns.number < numbers.stop)
    chosen = sa.select(columns.resource_id, sa.func.count()).where(columns.producer == producer, here)
    rows = await connection.execute(chosen.where(columns.action == CALLS).group_by(columns.resource_id))
    return Counter({row[0]: row[1] for row in rows})


def count_waiting(
    records: Iterable[tuple[str, int, str, Route]], producer: str, numbers: range
) -> Counter[Route]:
    """Return the same of records not yet logged: producer, number, action and route of each."""
    calls = ((name, number, route) for name, number, action, route in records if action == CALLS)
    return Counter(route for name, number, route in calls if name == producer and number in numbers)
