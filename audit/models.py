"""Tables of the audit package: two in the tree ``main``, the log's own in ``log``, the keys in ``keys``.

Times are integer microseconds UTC. No schema is named: on PostgreSQL the log engine sets ``search_path``.
"""

import uuid

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOBODY = uuid.UUID(int=0)
"""Stands in ``subject_key.subject`` for parts about no one; unlike null it can be unique."""


class Outbox(SQLModel, table=True):
    """A sealed record that waits, in the caller's own transaction, for the worker to log it."""

    __tablename__ = "outbox"

    event_id: uuid.UUID = Field(primary_key=True)
    created: int = Field(sa_type=sa.BigInteger, index=True)
    record: bytes = Field(sa_type=sa.LargeBinary)


class RowVersion(SQLModel, table=True):
    """One state of one row that decisions read; ``row`` is canonical text, null when the row ended."""

    __tablename__ = "row_version"
    __table_args__ = (sa.Index("ix_row_version_kind_row", "kind", "row_id", "sequence"),)

    sequence: int | None = Field(
        default=None, sa_column=sa.Column(BIG_KEY, primary_key=True, autoincrement=True)
    )
    kind: str = Field(max_length=40)
    row_id: uuid.UUID
    valid_from: int = Field(sa_type=sa.BigInteger)
    valid_to: int | None = Field(default=None, sa_type=sa.BigInteger)
    recorded_at: int = Field(sa_type=sa.BigInteger)
    event_id: uuid.UUID = Field(index=True)
    row: str | None = Field(default=None, sa_type=sa.Text)
    row_hash: str = Field(max_length=64)


class LegalHold(SQLModel, table=True):
    """Entries whose details are kept whole until released; audit.custody.holds says what the conditions mean.

    ``released_by`` is the approved change that ended it.
    """

    __tablename__ = "legal_hold"

    id: uuid.UUID = Field(primary_key=True)
    actor: uuid.UUID | None = Field(default=None)
    resource_id: uuid.UUID | None = Field(default=None)
    request: uuid.UUID | None = Field(default=None)
    since: int | None = Field(default=None, sa_type=sa.BigInteger)
    until: int | None = Field(default=None, sa_type=sa.BigInteger)
    first_index: int | None = Field(default=None, sa_type=sa.BigInteger)
    last_index: int | None = Field(default=None, sa_type=sa.BigInteger)
    reason: str = Field(max_length=500)
    created: int = Field(sa_type=sa.BigInteger)
    created_by: uuid.UUID
    released: int | None = Field(default=None, sa_type=sa.BigInteger, index=True)
    released_by: uuid.UUID | None = Field(default=None)


class RetentionRow(SQLModel, table=True):
    """How many days the details of one class are kept, by the approved change that said so."""

    __tablename__ = "retention"
    __table_args__ = (sa.UniqueConstraint("name", name="uq_retention_name"),)

    id: uuid.UUID = Field(primary_key=True)
    name: str = Field(max_length=20)
    days: int
    change_id: uuid.UUID
    created: int = Field(sa_type=sa.BigInteger)


class PruneJob(SQLModel, table=True):
    """An approved removal of one class's details from before a moment, earlier than its retention says.

    ``done`` is null while the worker has not finished it.
    """

    __tablename__ = "prune_job"

    id: uuid.UUID = Field(primary_key=True)
    name: str = Field(max_length=20)
    before: int = Field(sa_type=sa.BigInteger)
    change_id: uuid.UUID
    created: int = Field(sa_type=sa.BigInteger)
    done: int | None = Field(default=None, sa_type=sa.BigInteger, index=True)


class Disclosure(SQLModel, table=True):
    """Whether a follower is told details in clear, by the approved change that said so; else it is not."""

    __tablename__ = "disclosure"
    __table_args__ = (sa.UniqueConstraint("sink", name="uq_disclosure_sink"),)

    id: uuid.UUID = Field(primary_key=True)
    sink: str = Field(max_length=80)
    details: bool
    change_id: uuid.UUID
    created: int = Field(sa_type=sa.BigInteger)


log_metadata = sa.MetaData()

entry = sa.Table(
    "entry",
    log_metadata,
    sa.Column("index", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Column("action", sa.String(80), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("actor", sa.Uuid),
    sa.Column("resource_type", sa.String(40)),
    sa.Column("resource_id", sa.Uuid),
    sa.Column("request", sa.Uuid),
    sa.Column("grant_id", sa.Uuid),
    sa.Column("decision", sa.Uuid),
    sa.Column("producer", sa.String(80), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("retention", sa.String(20), nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("id", name="uq_entry_id"),
    sa.UniqueConstraint("producer", "number", name="uq_entry_producer_number"),
    sa.Index("ix_entry_time", "time"),
    sa.Index("ix_entry_actor", "actor", "index"),
    sa.Index("ix_entry_action", "action", "index"),
    sa.Index("ix_entry_decision", "decision", "index"),
    sa.Index("ix_entry_request", "request", "index"),
    sa.Index("ix_entry_resource", "resource_id", "index"),
)

body = sa.Table(
    "body",
    log_metadata,
    sa.Column("index", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("retention", sa.String(20), nullable=False),
    sa.Column("parts", sa.LargeBinary, nullable=False),
)

tile = sa.Table(
    "tile",
    log_metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)

checkpoint = sa.Table(
    "checkpoint",
    log_metadata,
    sa.Column("size", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
)

log_head = sa.Table(
    "log_head",
    log_metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("origin", sa.String(200), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("frozen", sa.BigInteger),
)
"""``frozen`` is the index of the entry that ended the log; null while it grows."""

published = sa.Table(
    "published",
    log_metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
)
"""One row: the newest checkpoint with every line of our own, signed again while the log is idle."""

cosignature = sa.Table(
    "cosignature",
    log_metadata,
    sa.Column("size", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("witness", sa.String(220), primary_key=True),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
)
"""The newest line of each witness under a checkpoint; ``witness`` is its name and key id."""

timestamp_token = sa.Table(
    "timestamp_token",
    log_metadata,
    sa.Column("size", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("token", sa.LargeBinary, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
)
"""RFC 3161 answers over the three lines of the checkpoint of ``size``."""

keeper_state = sa.Table(
    "keeper_state",
    log_metadata,
    sa.Column("name", sa.String(220), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("size", sa.BigInteger),
    sa.Column("trouble", sa.Text),
    sa.Column("succeeded", sa.BigInteger),
    sa.Column("updated", sa.BigInteger, nullable=False),
)
"""How each keeper of heads, witness and time stamp authority does, for the health page and ``doctor``."""

spool_cursor = sa.Table(
    "spool_cursor",
    log_metadata,
    sa.Column("producer", sa.String(80), primary_key=True),
    sa.Column("file", sa.Integer, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("next_number", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
)

open_intent = sa.Table(
    "open_intent",
    log_metadata,
    sa.Column("producer", sa.String(80), primary_key=True),
    sa.Column("number", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("opened", sa.BigInteger, nullable=False),
    sa.Column("announced", sa.Boolean, nullable=False),
)

sink_cursor = sa.Table(
    "sink_cursor",
    log_metadata,
    sa.Column("sink", sa.String(80), primary_key=True),
    sa.Column("next_index", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("updated", sa.BigInteger, nullable=False),
    sa.Column("alarm_at", sa.BigInteger),
)
"""``alarm_at`` is the size of the signed log when the alarm was raised; null while there is none."""


keys_metadata = sa.MetaData()
"""The tree ``keys``: a database of its own, so that no backup of bodies holds the keys that open them."""

key_owner = sa.Table(
    "key_owner",
    keys_metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("installation", sa.Uuid, nullable=False),
)

# ``subject`` is a person, a service or NOBODY; ``wrapped`` is null once the key is erased.
subject_key = sa.Table(
    "subject_key",
    keys_metadata,
    sa.Column("key_id", sa.Uuid, primary_key=True),
    sa.Column("subject", sa.Uuid, nullable=False),
    sa.Column("wrapped", sa.LargeBinary),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("erased", sa.BigInteger),
    sa.UniqueConstraint("subject", name="uq_subject_key_subject"),
)

pruned = sa.Table(
    "pruned",
    log_metadata,
    sa.Column("entry", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("first_index", BIG_KEY, primary_key=True, autoincrement=False),
    sa.Column("last_index", sa.BigInteger, nullable=False),
    sa.Column("retention", sa.String(20), nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),
    sa.Index("ix_pruned_retention", "retention", "first_index"),
)
"""Runs of entries of one class whose bodies were removed, by the index of the ``log.prune`` that says so."""

prune_cursor = sa.Table(
    "prune_cursor",
    log_metadata,
    sa.Column("retention", sa.String(20), primary_key=True),
    sa.Column("next_index", sa.BigInteger, nullable=False),
    sa.Column("releases", sa.BigInteger, nullable=False),
)
"""Below ``next_index`` every body of the class is removed or held; ``releases`` counts the ended holds."""


def append_only_ddl(table: str, dialect: str) -> tuple[str, ...]:
    """Return the statements that make ``table`` refuse UPDATE, DELETE and, on PostgreSQL, TRUNCATE.

    A seat belt against mistakes, not the proof: a database administrator can drop it, the tree still tells.
    """
    if dialect == "sqlite":
        return tuple(_sqlite_refusal(table, verb) for verb in ("UPDATE", "DELETE"))
    function = (
        f"CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}()"
    )
    return (function, trigger)


def drop_append_only_ddl(table: str, dialect: str) -> tuple[str, ...]:
    """Return the statements that undo :func:`append_only_ddl`, for a migration's downgrade."""
    if dialect == "sqlite":
        return tuple(f"DROP TRIGGER {table}_refuse_{verb}" for verb in ("update", "delete"))
    return (f"DROP TRIGGER {table}_append_only ON {table}", f"DROP FUNCTION refuse_{table}()")


def _sqlite_refusal(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
