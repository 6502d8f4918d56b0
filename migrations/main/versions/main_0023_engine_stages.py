"""Remember when an OPA server last stated its revision."""

import sqlalchemy as sa
from alembic import op

revision = "main_0023"
down_revision = "main_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policy_engine", sa.Column("stated", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("policy_engine", "stated")
