"""Keep how far the sync with a directory has come, its runs, what it has taken into the log, and who left."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0012"
down_revision = "main_0011"
branch_labels = None
depends_on = None

STATES = ("asked", "running", "waiting", "confirmed", "done", "failed", "dropped")


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "directory_cursor",
        sa.Column("issuer", text(length=512), nullable=False),
        sa.Column("admin_time", sa.BigInteger(), nullable=False),
        sa.Column("sign_in_time", sa.BigInteger(), nullable=False),
        sa.Column("polled", sa.BigInteger(), nullable=False),
        sa.Column("full", sa.BigInteger(), nullable=False),
        sa.Column("error", text(length=400), nullable=True),
        sa.Column("error_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("issuer"),
    )
    op.create_table(
        "directory_event",
        sa.Column("issuer", text(length=512), nullable=False),
        sa.Column("id", text(length=64), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "id"),
    )
    op.create_index(op.f("ix_directory_event_time"), "directory_event", ["time"], unique=False)
    op.create_table(
        "directory_leaver",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", text(length=512), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    state = sa.Enum(*STATES, name="directory_run_state", native_enum=False, create_constraint=True, length=20)
    op.create_table(
        "directory_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", text(length=512), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("dry", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("memberships", sa.Integer(), nullable=False),
        sa.Column("reason", text(length=400), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_directory_run_created"), "directory_run", ["created"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_directory_run_created"), table_name="directory_run")
    op.drop_table("directory_run")
    op.drop_table("directory_leaver")
    op.drop_index(op.f("ix_directory_event_time"), table_name="directory_event")
    op.drop_table("directory_event")
    op.drop_table("directory_cursor")
