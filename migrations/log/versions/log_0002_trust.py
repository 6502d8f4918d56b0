"""Room for what ends a log, for the newest checkpoint, and for witnesses, keepers and time stamps."""

import sqlalchemy as sa
from alembic import op

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "log_0002"
down_revision = "log_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("log_head", sa.Column("frozen", sa.BigInteger()))
    op.create_table(
        "published",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "cosignature",
        sa.Column("size", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("witness", sa.String(220), primary_key=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "timestamp_token",
        sa.Column("size", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "keeper_state",
        sa.Column("name", sa.String(220), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("trouble", sa.Text()),
        sa.Column("succeeded", sa.BigInteger()),
        sa.Column("updated", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for table in ("keeper_state", "timestamp_token", "cosignature", "published"):
        op.drop_table(table)
    op.drop_column("log_head", "frozen")
