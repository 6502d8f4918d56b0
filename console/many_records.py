"""Many acts recorded in one transaction, each its own event with its own rows: for what comes by the hundred.

The same as `UnitOfWork.record` for each, in a handful of statements instead of a handful each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit import canonical
from audit.append_rows import Values, rows_on
from audit.event import Event, Outcome, Part
from audit.events import Action
from audit.following import differences
from audit.following.differences import RowChange, State
from audit.history import hash_stated, state_digest
from audit.models import Outbox, RowVersion
from audit.record import seal
from audit.subjects.subject_keys import KeyStore
from console.questions import Resource

_VERSION: Final = ("kind", "row_id", "valid_from", "valid_to", "recorded_at", "event_id", "row", "row_hash")
_OUTBOX: Final = ("event_id", "created", "record")
_AT_ONCE: Final = 500


class StatedRow(Protocol):
    """The new state of one row, as `console.work.Row`."""

    @property
    def kind(self) -> str:
        """What history calls its table."""
        ...

    @property
    def id(self) -> UUID:
        """Its id."""
        ...

    @property
    def state(self) -> Mapping[str, object] | None:
        """None when the row is gone."""
        ...

    @property
    def valid_from(self) -> int:
        """Since when, in microseconds."""
        ...

    @property
    def valid_to(self) -> int | None:
        """Until when, if that is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act to record. `actor` is None for whoever is not known here; `fresh` rows have no history yet."""

    action: Action
    actor: UUID | None
    resource: Resource | None = None
    rows: Sequence[StatedRow] = ()
    parts: Sequence[Part] = ()
    reasons: Sequence[str] = ()
    flags: Sequence[str] = ()
    outcome: Outcome = Outcome.SUCCESS
    fresh: bool = False


async def append_acts(
    session: AsyncSession, acts: Sequence[Act], store: KeyStore, policy: str, now: int
) -> None:
    """Append each act and the history of its rows to the open transaction.

    Raises:
        AuditError: one of them cannot be recorded; the caller's transaction must end.
        DBAPIError: the database failed.
    """
    known = await _known(session, acts)
    told = [_told(act, known, policy, now) for act in acts]
    events = [event for event, _ in told]
    versions = [row for _, rows in told for row in rows]
    # New keys are durable in their own store before this transaction can commit what they seal.
    keys = await store.ensure({part.subject for event in events for part in event.parts})
    waiting: list[Values] = [
        (event.id.hex, now, seal(event, time=now, keys=keys).to_bytes()) for event in events
    ]
    rows = await rows_on(await session.connection())
    await rows.insert(_table(RowVersion), _VERSION, _by_column(versions, _VERSION))
    await rows.insert(_table(Outbox), _OUTBOX, _by_column(waiting, _OUTBOX))


def _by_column(rows: Sequence[Values], columns: Sequence[str]) -> list[Values]:
    return list(zip(*rows, strict=True)) if rows else [()] * len(columns)


async def _known(session: AsyncSession, acts: Sequence[Act]) -> Mapping[tuple[str, UUID], State | None]:
    asked = [row.id for act in acts if not act.fresh for row in act.rows]
    found: dict[tuple[str, UUID], State | None] = {}
    for start in range(0, len(asked), _AT_ONCE):
        found |= await differences.latest_states(session, asked[start : start + _AT_ONCE])
    return found


def _told(
    act: Act, known: Mapping[tuple[str, UUID], State | None], policy: str, now: int
) -> tuple[Event, Sequence[Values]]:
    """Return the event of an act, and the versions of its rows."""
    changed = differences.content(
        [RowChange(row.kind, row.id, known.get((row.kind, row.id)), row.state) for row in act.rows]
    )
    own = () if changed is None else (Part(name=differences.PART, subject=None, content=changed),)
    event_id = uuid7()
    versions = [_version(row, event_id, now) for row in act.rows]
    hashes = [str(version[-1]) for version in versions]
    event = Event(
        id=event_id,
        action=act.action,
        outcome=act.outcome,
        reasons=tuple(act.reasons),
        flags=tuple(act.flags),
        actor=act.actor,
        resource=act.resource.reference() if act.resource else None,
        policy=policy,
        state=state_digest(hashes) if hashes else None,
        parts=(*act.parts, *own),
    )
    return event, versions


def _version(row: StatedRow, event_id: UUID, now: int) -> Values:
    text = None if row.state is None else canonical.encode(dict(row.state)).decode()
    row_hash = hash_stated(row.kind, row.id, text, row.valid_from, row.valid_to)
    return row.kind, row.id.hex, row.valid_from, row.valid_to, now, event_id.hex, text, row_hash


def _table(model: type[Outbox | RowVersion]) -> sa.Table:
    found: sa.Table = sa.inspect(model).local_table
    return found
