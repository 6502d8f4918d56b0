"""Remember what OPA servers report of themselves."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0019"
down_revision = "main_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "policy_engine",
        sa.Column("id", text(length=64), nullable=False),
        sa.Column("revision", text(length=64), nullable=True),
        sa.Column("trouble", text(length=300), nullable=True),
        sa.Column("decisions", sa.BigInteger(), nullable=False),
        sa.Column("ignored", sa.BigInteger(), nullable=False),
        sa.Column("reported", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("policy_engine")
