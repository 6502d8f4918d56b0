"""Room for sinks, their quarantine and their comparisons."""

revision = "log_0005"
down_revision = "log_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
