"""Find the entries of a decision."""

from alembic import op

revision = "log_0006"
down_revision = "log_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_entry_decision", "entry", ["decision", "index"])


def downgrade() -> None:
    op.drop_index("ix_entry_decision", "entry")
