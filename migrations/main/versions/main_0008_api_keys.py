"""Give programs keys, and teams service accounts."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0008"
down_revision = "main_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lookup", text(length=10), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("name", text(length=100), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("routes", sa.Text(), nullable=True),
        sa.Column("pepper", sa.Integer(), nullable=False),
        sa.Column("digest", text(length=64), nullable=False),
        sa.Column("old_pepper", sa.Integer(), nullable=True),
        sa.Column("old_digest", text(length=64), nullable=True),
        sa.Column("old_end", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoke_reason", text(length=500), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup", name="uq_api_key_lookup"),
    )
    op.create_index(op.f("ix_api_key_owner_id"), "api_key", ["owner_id"], unique=False)
    op.create_table(
        "api_key_use",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"]),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_table(
        "service_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", text(length=500), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["id"], ["person.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_service_account_team_id"), "service_account", ["team_id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        # Free text, which may name somebody: PostgreSQL would keep samples of it among its statistics.
        op.execute("ALTER TABLE api_key ALTER COLUMN name SET STATISTICS 0")
        op.execute("ALTER TABLE api_key ALTER COLUMN revoke_reason SET STATISTICS 0")
        op.execute("ALTER TABLE service_account ALTER COLUMN purpose SET STATISTICS 0")


def downgrade() -> None:
    op.drop_index(op.f("ix_service_account_team_id"), table_name="service_account")
    op.drop_table("service_account")
    op.drop_table("api_key_use")
    op.drop_index(op.f("ix_api_key_owner_id"), table_name="api_key")
    op.drop_table("api_key")
