"""Room for what events need."""

revision = "main_0004"
down_revision = "main_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
