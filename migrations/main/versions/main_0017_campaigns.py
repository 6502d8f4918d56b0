"""Create rounds of access review, what came of each grant in them, and how grants are used."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0017"
down_revision = "main_0016"
branch_labels = None
depends_on = None

TIER = sa.Enum("low", "medium", "high", name="tier", native_enum=False, create_constraint=True, length=20)
STATE = sa.Enum(
    *("open", "kept", "removed", "lapsed", "ended"),
    name="itemstate",
    native_enum=False,
    create_constraint=True,
    length=20,
)


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("tier", TIER, nullable=True),
        sa.Column("reason", text(length=500), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_campaign_team_id"), "campaign", ["team_id"], unique=False)
    op.create_index(op.f("ix_campaign_closed"), "campaign", ["closed"], unique=False)
    op.create_table(
        "campaign_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", text(length=64), nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("meaning", text(length=200), nullable=True),
        sa.Column("reason", text(length=500), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id", "grant_id"),
    )
    op.create_index(op.f("ix_campaign_item_campaign_id"), "campaign_item", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_campaign_item_grant_id"), "campaign_item", ["grant_id"], unique=False)
    op.create_table(
        "grant_use",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", "day"),
    )
    op.create_table(
        "grant_use_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    for table in ("grant_use_cursor", "grant_use", "campaign_item", "campaign"):
        op.drop_table(table)
