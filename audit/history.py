"""The history of what decisions read: append-only states of rows, in valid time and in recorded time.

A version says: from ``valid_from`` until ``valid_to`` (null: until further notice) the row was this (null:
absent). Where two versions speak of the same moment, the one recorded later counts. So "as known then" is a
question about ``recorded_at``, "as it was then" one about the valid time, and nothing is ever changed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit import canonical
from audit.models import RowVersion


async def append_row(
    session: AsyncSession,
    *,
    kind: str,
    row_id: UUID,
    row: Mapping[str, object] | None,
    valid_from: int,
    valid_to: int | None,
    recorded_at: int,
    event_id: UUID,
) -> str:
    """Add a row's new state to the caller's transaction and return its hash; ``row`` None says it ended.

    Times are microseconds UTC; ``row`` is canonical JSON (audit.canonical) with principal ids, never names.

    Raises:
        CanonicalError: the row has no canonical form.
        ValueError: the version ends before it begins.
    """
    if valid_to is not None and valid_to < valid_from:
        raise ValueError("A row's version cannot end before it begins.")
    text = None if row is None else canonical.encode(dict(row)).decode()
    version = RowVersion(
        kind=kind,
        row_id=row_id,
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_at=recorded_at,
        event_id=event_id,
        row=text,
        row_hash=hash_row(kind, row_id, row, valid_from, valid_to),
    )
    session.add(version)
    await session.flush()
    return version.row_hash


def hash_row(
    kind: str, row_id: UUID, row: Mapping[str, object] | None, valid_from: int, valid_to: int | None
) -> str:
    """Return hex SHA-256 over the canonical JSON of what a version states: kind, id, row and valid time."""
    text = None if row is None else canonical.encode(dict(row)).decode()
    return hash_stated(kind, row_id, text, valid_from, valid_to)


def hash_stated(kind: str, row_id: UUID, text: str | None, valid_from: int, valid_to: int | None) -> str:
    """Return the same from the row's canonical text, as a version keeps it."""
    ends = "null" if valid_to is None else valid_to
    times = f'"valid_from":{valid_from},"valid_to":{ends}'
    stated = f'{{"id":"{row_id}","kind":"{kind}","row":{text or "null"},{times}}}'
    return hashlib.sha256(stated.encode()).hexdigest()


def state_digest(row_hashes: Sequence[str]) -> str:
    """Return the head's ``state``: hex SHA-256 over the raw row hashes in the order they were written."""
    return hashlib.sha256(b"".join(bytes.fromhex(row_hash) for row_hash in row_hashes)).hexdigest()


async def as_of(
    session: AsyncSession, kind: str, row_id: UUID, *, valid_at: int, known_at: int
) -> RowVersion | None:
    """Return the version of one row that held at ``valid_at`` as known at ``known_at``; None when absent."""
    statement = select(RowVersion).where(
        col(RowVersion.kind) == kind, col(RowVersion.row_id) == row_id, *_speaking_of(valid_at, known_at)
    )
    version = (await session.exec(statement.order_by(col(RowVersion.sequence).desc()).limit(1))).first()
    return version if version is not None and version.row is not None else None


async def open_rows(
    session: AsyncSession, kind: str, *, valid_at: int, known_at: int
) -> Sequence[RowVersion]:
    """Return every row of a kind that held at ``valid_at`` as known at ``known_at``, by row id."""
    latest = (
        sa.select(sa.func.max(col(RowVersion.sequence)))
        .where(col(RowVersion.kind) == kind, *_speaking_of(valid_at, known_at))
        .group_by(col(RowVersion.row_id))
    )
    statement = select(RowVersion).where(
        col(RowVersion.sequence).in_(latest), col(RowVersion.row).is_not(None)
    )
    return (await session.exec(statement.order_by(col(RowVersion.row_id)))).all()


def _speaking_of(valid_at: int, known_at: int) -> tuple[sa.ColumnElement[bool], ...]:
    ends = sa.or_(col(RowVersion.valid_to).is_(None), col(RowVersion.valid_to) > valid_at)
    return (col(RowVersion.recorded_at) <= known_at, col(RowVersion.valid_from) <= valid_at, ends)
