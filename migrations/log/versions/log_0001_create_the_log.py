"""Create the log: entries and bodies, the tree's tiles and checkpoints, cursors of spools and sinks."""

import sqlalchemy as sa
from alembic import op

from audit.models import append_only_ddl, drop_append_only_ddl

revision = "log_0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("entry", "checkpoint")


def upgrade() -> None:
    create_entries()
    create_tree()
    create_cursors()
    for table in APPEND_ONLY:
        for statement in append_only_ddl(table, op.get_context().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    for table in APPEND_ONLY:
        for statement in drop_append_only_ddl(table, op.get_context().dialect.name):
            op.execute(statement)
    for table in ("sink_cursor", "open_intent", "spool_cursor", "log_head", "checkpoint", "tile", "body"):
        op.drop_table(table)
    op.drop_table("entry")


def create_entries() -> None:
    op.create_table(
        "entry",
        sa.Column("index", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("actor", sa.Uuid()),
        sa.Column("resource_type", sa.String(40)),
        sa.Column("resource_id", sa.Uuid()),
        sa.Column("request", sa.Uuid()),
        sa.Column("grant_id", sa.Uuid()),
        sa.Column("decision", sa.Uuid()),
        sa.Column("producer", sa.String(80), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.String(20), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("id", name="uq_entry_id"),
        sa.UniqueConstraint("producer", "number", name="uq_entry_producer_number"),
    )
    op.create_index("ix_entry_time", "entry", ["time"])
    op.create_index("ix_entry_actor", "entry", ["actor", "index"])
    op.create_index("ix_entry_action", "entry", ["action", "index"])
    op.create_index("ix_entry_request", "entry", ["request", "index"])
    op.create_index("ix_entry_resource", "entry", ["resource_id", "index"])
    op.create_table(
        "body",
        sa.Column("index", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("retention", sa.String(20), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
    )


def create_tree() -> None:
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
    )


def create_cursors() -> None:
    op.create_table(
        "spool_cursor",
        sa.Column("producer", sa.String(80), primary_key=True),
        sa.Column("file", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "open_intent",
        sa.Column("producer", sa.String(80), primary_key=True),
        sa.Column("number", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "sink_cursor",
        sa.Column("sink", sa.String(80), primary_key=True),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("updated", sa.BigInteger(), nullable=False),
    )
