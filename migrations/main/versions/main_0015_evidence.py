"""Keep what a version is bound to, and how what is served differs from it."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0015"
down_revision = "main_0014"
branch_labels = None
depends_on = None

ADDED = (
    ("version", "served", sqlmodel.sql.sqltypes.AutoString(length=64), ""),
    ("version", "served_as", sa.Text(), "{}"),
    ("version", "artifact", sqlmodel.sql.sqltypes.AutoString(length=255), ""),
    ("deployment", "differs", sqlmodel.sql.sqltypes.AutoString(length=100), ""),
)


def upgrade() -> None:
    for table, name, kind, default in ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))


def downgrade() -> None:
    # Triggers name the columns that tell; they are made anew after every upgrade (console.freshness.watched).
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER IF EXISTS moved_deployment_update ON deployment")
    for table, name, _, _ in reversed(ADDED):
        op.drop_column(table, name)
