"""Keep the files of every policy revision, and say which one decides."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0014"
down_revision = "main_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "policy_bundle",
        sa.Column("revision", text(length=64), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("key_id", text(length=64), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("signed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("revision"),
    )
    op.create_table(
        "active_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revision", text(length=64), nullable=False),
        sa.Column("previous", text(length=64), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("activated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("active_policy")
    op.drop_table("policy_bundle")
