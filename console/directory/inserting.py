"""New rows by the hundred, put in through the driver: as mapped objects they would cost most of a sync."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from operator import attrgetter
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.append_rows import Rows, rows_on
from sso.models import (
    ClaimDigest,
    Identity,
    Membership,
    Person,
    PersonKind,
    PersonState,
    PlatformRole,
    Profile,
    RoleAssignment,
    Source,
    TeamRole,
)


@dataclass(slots=True)
class NewPerson:
    """A row of `person`."""

    created: int
    id: UUID = field(default_factory=uuid7)
    kind: PersonKind = PersonKind.PERSON
    state: PersonState = PersonState.ACTIVE


@dataclass(slots=True)
class NewProfile:
    """A row of `profile`."""

    person_id: UUID
    handle: str
    name: str
    email: str | None


@dataclass(slots=True)
class NewIdentity:
    """A row of `identity`."""

    issuer: str
    subject: str
    person_id: UUID
    id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class NewMembership:
    """A row of `membership`."""

    person_id: UUID
    team_id: UUID
    role: TeamRole
    managed_by: Source
    id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class NewRole:
    """A row of `role_assignment`."""

    person_id: UUID
    role: PlatformRole
    scope: str
    managed_by: Source
    id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class NewDigest:
    """A row of `claim_digest`."""

    identity_id: UUID
    digest: bytes


New = NewPerson | NewProfile | NewIdentity | NewMembership | NewRole | NewDigest
TABLES: Final[Mapping[type[New], type[SQLModel]]] = {
    NewPerson: Person,
    NewProfile: Profile,
    NewIdentity: Identity,
    NewMembership: Membership,
    NewRole: RoleAssignment,
    NewDigest: ClaimDigest,
}
"""In the order in which one row may name another."""


async def insert_new(session: AsyncSession, rows: Iterable[New]) -> None:
    """Put `rows` in, in the transaction that `session` is in.

    Raises:
        IntegrityError: a row that must be the only one of its kind is there already.
        DBAPIError: the database failed otherwise.
    """
    by_kind: dict[type[New], list[New]] = {kind: [] for kind in TABLES}
    for row in rows:
        by_kind[type(row)].append(row)
    driver = await rows_on(await session.connection())
    for kind, some in by_kind.items():
        if some:
            await _insert(driver, kind, some)


async def _insert(driver: Rows, kind: type[New], rows: Iterable[New]) -> None:
    columns = tuple(column.name for column in fields(kind))
    values_of = attrgetter(*columns)
    values = zip(*(map(_raw, values_of(row)) for row in rows), strict=True)
    await driver.insert(_table(kind), columns, list(values))


def _raw(value: object) -> object:
    if isinstance(value, UUID):
        return value.hex
    return value.value if isinstance(value, Enum) else value


def _table(kind: type[New]) -> sa.Table:
    found: sa.Table = sa.inspect(TABLES[kind]).local_table
    return found
