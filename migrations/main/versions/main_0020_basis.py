"""Keep on what a grant was approved, so that a change of it is told."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0020"
down_revision = "main_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "grant_basis",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("card_fields", sa.Text(), nullable=False),
        sa.Column("owner_team_id", sa.Uuid(), nullable=False),
        sa.Column("policy_revision", text(length=64), nullable=False),
        sa.Column("monthly_calls", sa.BigInteger(), nullable=True),
        sa.Column("stale", text(length=500), nullable=False),
        sa.Column("stale_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("grant_id"),
    )


def downgrade() -> None:
    op.drop_table("grant_basis")
