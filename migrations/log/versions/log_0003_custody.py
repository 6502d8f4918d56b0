"""Create what the removal of details remembers: which were removed by which entry, and how far it came."""

import sqlalchemy as sa
from alembic import op

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "log_0003"
down_revision = "log_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pruned",
        sa.Column("entry", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("first_index", BIG_KEY, primary_key=True, autoincrement=False),
        sa.Column("last_index", sa.BigInteger(), nullable=False),
        sa.Column("retention", sa.String(20), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_pruned_retention", "pruned", ["retention", "first_index"])
    op.create_table(
        "prune_cursor",
        sa.Column("retention", sa.String(20), primary_key=True),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.Column("releases", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("prune_cursor")
    op.drop_index("ix_pruned_retention", table_name="pruned")
    op.drop_table("pruned")
