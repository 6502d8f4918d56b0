"""Which tables tell that something moved, and the triggers that write it down with the change itself.

Triggers, because a change counts whoever makes it: a page, the worker, SCIM, or an administrator of the
database by hand. They are derived from this list and made anew after every upgrade, since copying a table,
as SQLite needs for most alterations, drops its triggers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from console.models import Cluster, Deployment, Model, Route, RouteTarget, UnexplainedRow
from policy.models import ActivePolicy, Grant, PolicyBundle
from sso.models import (
    ApiKey,
    Identity,
    Membership,
    Person,
    Profile,
    RoleAssignment,
    ServiceAccount,
    Session,
    SignedOut,
    Team,
    TrustedIssuer,
)

PREFIX: Final = "moved_"


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose rows move something: `kind` is what moves, `column` holds which one.

    A change of `quiet` columns alone moves nothing.
    """

    model: type[SQLModel]
    kind: str
    column: str
    quiet: frozenset[str] = frozenset()

    @property
    def table(self) -> str:
        """The table's name."""
        return str(self.model.__tablename__)

    @property
    def loud(self) -> tuple[str, ...]:
        """The columns whose change moves something."""
        names = [column.name for column in sa.inspect(self.model).local_table.columns]
        return tuple(name for name in names if name not in self.quiet)


WATCHED: Final = (
    Watched(ActivePolicy, "policy", "id"),
    Watched(ApiKey, "key", "id"),
    Watched(Cluster, "cluster", "id", frozenset({"seen"})),
    Watched(Deployment, "deployment", "id", frozenset({"seen"})),
    Watched(Grant, "route", "resource_id"),
    Watched(Identity, "person", "person_id"),
    Watched(Membership, "person", "person_id"),
    Watched(Model, "model", "id"),
    Watched(Person, "person", "id"),
    Watched(PolicyBundle, "policy", "revision"),
    Watched(Profile, "person", "person_id"),
    Watched(RoleAssignment, "person", "person_id"),
    Watched(Route, "route", "id"),
    Watched(RouteTarget, "route", "route_id"),
    Watched(Session, "session", "id_hash", frozenset({"seen", "idle_end"})),
    Watched(ServiceAccount, "person", "id"),
    Watched(SignedOut, "signed_out", "id_hash"),
    Watched(Team, "team", "id"),
    Watched(TrustedIssuer, "trusted_issuer", "id"),
    Watched(UnexplainedRow, "unexplained", "row_id"),
)


def make_triggers(connection: Connection) -> None:
    """Make the triggers of every watched table that is there, whatever was there before."""
    inspector = sa.inspect(connection)
    if not inspector.has_table("moved"):
        return
    present = [one for one in WATCHED if inspector.has_table(one.table)]
    for statement in triggers_ddl(present, connection.dialect.name):
        connection.exec_driver_sql(statement)


def missing_triggers(connection: Connection) -> set[str]:
    """Return the watched tables that would not tell."""
    tables, names = {one.table for one in WATCHED}, set(_triggers(connection))
    events = ("insert", "update", "delete")
    return {name for name in tables if not {f"{PREFIX}{name}_{event}" for event in events} <= names}


def triggers_ddl(watched: Iterable[Watched], dialect: str) -> list[str]:
    """Return the statements that make the triggers of `watched`."""
    write = _on_sqlite if dialect == "sqlite" else _on_postgresql
    return [statement for one in watched for statement in write(one)]


def _triggers(connection: Connection) -> Iterable[str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        # Those of this schema only, and not those that somebody has switched off.
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE relnamespace = current_schema()::regnamespace AND tgenabled IN ('O', 'A')"
        )
    return connection.scalars(sa.text(query))


def _on_sqlite(one: Watched) -> Iterable[str]:
    insert = "INSERT INTO moved (transaction_id, kind, key, at)"
    at = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
    for event, rows in (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",))):
        name, when = f"{PREFIX}{one.table}_{event}", _event(one, event)
        # UNION leaves one row where both hold the same.
        keys = " UNION ".join(f"SELECT 0, '{one.kind}', {row}.\"{one.column}\", {at}" for row in rows)
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield f'CREATE TRIGGER {name} AFTER {when} ON "{one.table}" BEGIN {insert} {keys}; END'


def _on_postgresql(one: Watched) -> Iterable[str]:
    function = f"{PREFIX}{one.table}"
    yield _function(function, one)
    for event in ("insert", "update", "delete"):
        name, when = f"{PREFIX}{one.table}_{event}", _event(one, event)
        yield f'DROP TRIGGER IF EXISTS {name} ON "{one.table}"'
        yield (
            f'CREATE TRIGGER {name} AFTER {when} ON "{one.table}" FOR EACH ROW EXECUTE FUNCTION {function}()'
        )


def _function(name: str, one: Watched) -> str:
    at = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    old, new = (f"replace({row}.\"{one.column}\"::text, '-', '')" for row in ("OLD", "NEW"))
    insert = "INSERT INTO moved (transaction_id, kind, key, at) SELECT pg_current_xact_id()::text::bigint,"
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {insert} '{one.kind}', {old}, {at}; END IF; "
        f"IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND {new} IS DISTINCT FROM {old} THEN "
        f"{insert} '{one.kind}', {new}, {at}; END IF; RETURN NULL; END $$"
    )


def _event(one: Watched, event: str) -> str:
    if event != "update" or not one.quiet:
        return event.upper()
    return "UPDATE OF " + ", ".join(f'"{name}"' for name in one.loud)
