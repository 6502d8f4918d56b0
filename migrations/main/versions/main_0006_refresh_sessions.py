"""Let sessions be confirmed by their provider, named and ended one by one; remember tokens that are used up.

Sessions of before hold nothing to confirm them with, so they end here: people sign in again.
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from uuid_utils.compat import uuid7

revision = "main_0006"
down_revision = "main_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("sealed", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("refreshed", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("must_refresh", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("refreshing", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("device", text(length=100), nullable=True))
        table.add_column(sa.Column("address", text(length=64), nullable=True))
    _end_all()
    with op.batch_alter_table("session") as table:
        table.alter_column("id", existing_type=sa.Uuid(), nullable=False)
        table.alter_column("refreshed", existing_type=sa.BigInteger(), nullable=False)
        table.create_unique_constraint("uq_session_id", ["id"])
    op.create_table(
        "spent_token",
        sa.Column("id_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index(op.f("ix_spent_token_end"), "spent_token", ["end"], unique=False)
    op.create_table(
        "signed_out",
        sa.Column("id_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    if op.get_context().dialect.name == "postgresql":
        # It may tell where somebody was: PostgreSQL would keep samples of it among its statistics.
        op.execute("ALTER TABLE session ALTER COLUMN address SET STATISTICS 0")


def downgrade() -> None:
    op.drop_table("signed_out")
    op.drop_index(op.f("ix_spent_token_end"), table_name="spent_token")
    op.drop_table("spent_token")
    with op.batch_alter_table("session") as table:
        table.drop_constraint("uq_session_id", type_="unique")
        for name in ("address", "device", "refreshing", "must_refresh", "refreshed", "sealed", "id"):
            table.drop_column(name)


def _end_all() -> None:
    # The rows stay: that a second admin has signed in is known by them.
    table = sa.table("session", sa.column("id_hash"), sa.column("id", sa.Uuid()), sa.column("refreshed"))
    for id_hash in op.get_bind().scalars(sa.select(table.c.id_hash)).all():
        row = sa.update(table).where(table.c.id_hash == id_hash)
        op.get_bind().execute(row.values(id=uuid7(), refreshed=0))
    op.execute("UPDATE session SET revoked_at = seen, revoke_reason = 'upgraded' WHERE revoked_at IS NULL")
