"""Let a replay run beside the request, with rows that say how far it is and what it found.

What was found until now is not taken along: a draft that was not proposed is replayed again, and a proposed
one carries in its change what was voted on.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0024"
down_revision = "main_0023"
branch_labels = None
depends_on = None

NUMBERS = ("decisions", "unreadable", "altered", "undecided", "flipped")


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "policy_replay",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("asked", "since", "first", "last")),
        sa.Column("position", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in NUMBERS),
        sa.Column("trouble", text(length=300), nullable=True),
        sa.Column("digest", text(length=64), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("draft_id"),
    )
    op.create_index(op.f("ix_policy_replay_asked"), "policy_replay", ["asked"], unique=False)
    op.create_index(op.f("ix_policy_replay_done"), "policy_replay", ["done"], unique=False)
    op.create_table(
        "policy_flip",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("place", text(length=80), nullable=False),
        sa.Column("what", text(length=20), nullable=False),
        sa.Column("person", text(length=64), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", "place"),
    )
    with op.batch_alter_table("policy_draft") as drafts:
        drafts.drop_column("replay")


def downgrade() -> None:
    with op.batch_alter_table("policy_draft") as drafts:
        drafts.add_column(sa.Column("replay", sa.Text(), nullable=True))
    op.drop_table("policy_flip")
    op.drop_index(op.f("ix_policy_replay_done"), table_name="policy_replay")
    op.drop_index(op.f("ix_policy_replay_asked"), table_name="policy_replay")
    op.drop_table("policy_replay")
