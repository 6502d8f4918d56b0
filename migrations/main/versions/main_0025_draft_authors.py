"""Remember everybody who wrote on a draft of the policies: none of them answers for it."""

import sqlalchemy as sa
from alembic import op

revision = "main_0025"
down_revision = "main_0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "policy_draft", sa.Column("authors", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
    )


def downgrade() -> None:
    op.drop_column("policy_draft", "authors")
