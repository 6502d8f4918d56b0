"""Remember how far the log had come when a sink raised its alarm."""

import sqlalchemy as sa
from alembic import op

revision = "log_0005"
down_revision = "log_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sink_cursor", sa.Column("alarm_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("sink_cursor", "alarm_at")
