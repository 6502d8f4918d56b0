"""Compares present rows, their history and the log: what they do not all say alike is unexplained."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from audit import canonical
from audit.checks.states import LoggedStates, waiting_states
from console.services import Services
from console.unexplained.kinds import Kind, kinds
from console.unexplained.versions import Latest, Versions

ROW_WITHOUT_EVENT: Final = "row_without_event"
ROW_DIFFERS: Final = "row_differs"
HISTORY_DIFFERS: Final = "history_differs"
EVENT_WITHOUT_ROW: Final = "event_without_row"
EVENT_KIND: Final = "row_version"
_AT_ONCE: Final = 2_000

Agreed = dict[tuple[str, UUID], tuple[tuple[Any, ...], Latest]]
"""Rows that agreed with their version the last time, column by column: they need not be written out again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that is not what the log says; `event_id` is the act that should explain it, if any."""

    kind: str
    row_id: UUID
    why: str
    event_id: UUID | None = None


class Comparison:
    """Compares as often as it is asked; what it has read of the log it does not read again."""

    def __init__(self, services: Services) -> None:
        """Compare the tables of `services` with its log."""
        self._database = services.database
        self._kinds = kinds(services.identity_key)
        self._states = LoggedStates(services.log.engine)
        self._versions = Versions()
        self._agreed: Agreed = {}

    async def findings(self) -> list[Finding]:
        """Return everything that is unexplained now.

        Raises:
            DBAPIError: one of the databases does not answer.
        """
        await self._states.catch_up()
        logged_before = len(self._states.by_event)
        async with self._database.read() as session:
            connection = await session.connection()
            waiting, versions = await waiting_states(session), self._versions
            await versions.catch_up(connection)
            rows = _Rows(versions, self._agreed)
            for kind in self._kinds:
                await rows.read(connection, kind)
        # Again: what waited at the snapshot may have gone from the outbox into the log since.
        await self._states.catch_up()
        states, written = self._states.by_event, versions.digests
        self._agreed = rows.agreed
        unsound = {event for event in written if not versions.is_sound(event, states, waiting)}
        found = [*rows.findings(unsound), *rows.missing(kind.name for kind in self._kinds)]
        told = {one.event_id for one in found}
        # An end that was made up, or a past: no row that is there shows it.
        found += [Finding(EVENT_KIND, event, HISTORY_DIFFERS, event) for event in unsound - told]
        return found + [
            Finding(EVENT_KIND, event, EVENT_WITHOUT_ROW, event)
            for event in islice(states, logged_before)
            if event not in written
        ]


class _Rows:
    """Present rows met with their latest versions."""

    def __init__(self, versions: Versions, agreed: Agreed) -> None:
        self.agreed: Agreed = {}
        self._agreed_before = agreed
        self._unmet = dict(versions.latest)
        self._met: list[tuple[str, UUID, UUID]] = []
        self._found: list[Finding] = []

    async def read(self, connection: AsyncConnection, kind: Kind) -> None:
        async for row in _present(connection, kind):
            place = (kind.name, row.id)
            latest, columns = self._unmet.pop(place, None), tuple(row)
            before = self._agreed_before.get(place)
            if latest is not None and before is not None and before == (columns, latest):
                self._met.append((kind.name, row.id, latest.event_id))
                self.agreed[place] = before
            else:
                self._meet(kind, row, columns, latest)

    def _meet(self, described: Kind, row: Any, columns: tuple[Any, ...], latest: Latest | None) -> None:  # noqa: ANN401
        kind, row_id = described.name, row.id
        text = canonical.write_known(dict(described.state(row).state or {})).decode()
        if latest is None or latest.text is None:
            event = latest.event_id if latest else None
            self._found.append(Finding(kind, row_id, ROW_WITHOUT_EVENT, event))
        elif latest.text != text:
            self._found.append(Finding(kind, row_id, ROW_DIFFERS, latest.event_id))
        else:
            self._met.append((kind, row_id, latest.event_id))
            self.agreed[kind, row_id] = (columns, latest)

    def findings(self, unsound: set[UUID]) -> list[Finding]:
        """Return the rows that differ, and those whose history is not what the log says."""
        altered = [
            Finding(kind, row, HISTORY_DIFFERS, event) for kind, row, event in self._met if event in unsound
        ]
        return self._found + altered

    def missing(self, names: Iterable[str]) -> list[Finding]:
        """Return the rows that history knows and the tables do not hold."""
        known = set(names)
        return [
            Finding(kind, row_id, EVENT_WITHOUT_ROW, latest.event_id)
            for (kind, row_id), latest in self._unmet.items()
            if latest.text is not None and kind in known
        ]


async def _present(connection: AsyncConnection, kind: Kind) -> AsyncIterator[Any]:
    chosen = kind.select()
    after: UUID | None = None
    key = sa.inspect(kind.table).local_table.c.id
    while True:
        chunk = chosen if after is None else chosen.where(key > after)
        rows = (await connection.execute(chunk.order_by(key).limit(_AT_ONCE))).all()
        for row in rows:
            yield row
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].id
