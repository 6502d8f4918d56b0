"""Tables of the sync with a directory: how far it has come, its runs, and what it has taken into the log.

Times are integer microseconds UTC unless said; Keycloak's own are milliseconds.
"""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from sso.models.directory import enum_type


class RunState(StrEnum):
    """Where a sync stands. `waiting` is the guard's: it would take so much that an admin must confirm it."""

    ASKED = "asked"
    RUNNING = "running"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


class DirectoryCursor(SQLModel, table=True):
    """How far the events of one issuer's directory were read; `error` is what stops it just now."""

    __tablename__ = "directory_cursor"

    issuer: str = Field(primary_key=True, max_length=512)
    admin_time: int = Field(default=0, sa_type=sa.BigInteger)
    sign_in_time: int = Field(default=0, sa_type=sa.BigInteger)
    polled: int = Field(default=0, sa_type=sa.BigInteger)
    full: int = Field(default=0, sa_type=sa.BigInteger)
    error: str | None = Field(default=None, max_length=400)
    error_since: int | None = Field(default=None, sa_type=sa.BigInteger)


class DirectoryRun(SQLModel, table=True):
    """One sync of everything; `plan` is its difference as canonical JSON: numbers, teams and person ids."""

    __tablename__ = "directory_run"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    issuer: str = Field(max_length=512)
    state: RunState = Field(sa_type=enum_type(RunState, "directory_run_state"))
    dry: bool = Field(default=False)
    asked_by: UUID | None = Field(default=None)
    confirmed_by: UUID | None = Field(default=None)
    created: int = Field(sa_type=sa.BigInteger, index=True)
    started: int | None = Field(default=None, sa_type=sa.BigInteger)
    finished: int | None = Field(default=None, sa_type=sa.BigInteger)
    people: int = Field(default=0)
    groups: int = Field(default=0)
    memberships: int = Field(default=0)
    reason: str | None = Field(default=None, max_length=400)
    plan: str | None = Field(default=None, sa_type=sa.Text)


class DirectoryEvent(SQLModel, table=True):
    """An event of the directory that is in the log already, by its own id; `time` in milliseconds."""

    __tablename__ = "directory_event"

    issuer: str = Field(primary_key=True, max_length=512)
    id: str = Field(primary_key=True, max_length=64)
    time: int = Field(sa_type=sa.BigInteger, index=True)


class DirectoryLeaver(SQLModel, table=True):
    """Somebody whose access a sync ended: only they come back by being enabled again in the directory."""

    __tablename__ = "directory_leaver"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    issuer: str = Field(max_length=512)
    ended: int = Field(sa_type=sa.BigInteger)
