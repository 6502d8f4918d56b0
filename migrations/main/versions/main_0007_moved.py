"""Let processes know what moved: the table that triggers on what decisions read write to.

The triggers themselves are made after every upgrade (console.freshness.watched).
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0007"
down_revision = "main_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moved",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_moved_transaction_id"), "moved", ["transaction_id"], unique=False)


def downgrade() -> None:
    for name in op.get_bind().scalars(sa.text(_named())).all():
        op.execute(_dropped(name))
    op.drop_index(op.f("ix_moved_transaction_id"), table_name="moved")
    op.drop_table("moved")


def _named() -> str:
    if op.get_context().dialect.name == "sqlite":
        return r"SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'moved\_%' ESCAPE '\'"
    return (
        r"SELECT proname FROM pg_proc WHERE proname LIKE 'moved\_%' "
        "AND pronamespace = current_schema()::regnamespace"
    )


def _dropped(name: str) -> str:
    if op.get_context().dialect.name == "sqlite":
        return f"DROP TRIGGER {name}"
    return f"DROP FUNCTION {name}() CASCADE"
