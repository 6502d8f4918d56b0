"""Create legal holds, retentions and jobs of removal; let changes be of the kinds that keep records."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0003"
down_revision = "main_0002"
branch_labels = None
depends_on = None

ONE_KIND = "kind IN ('access')"
KINDS = "kind IN ('access', 'alarm', 'erasure', 'hold_release', 'log_key', 'prune', 'retention', 'sink')"


def upgrade() -> None:
    _replace_check(ONE_KIND, KINDS)
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("request", sa.Uuid(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("first_index", sa.BigInteger(), nullable=True),
        sa.Column("last_index", sa.BigInteger(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_legal_hold_released"), "legal_hold", ["released"], unique=False)
    op.create_table(
        "retention",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="uq_retention_name"),
    )
    op.create_table(
        "prune_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=20), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_prune_job_done"), "prune_job", ["done"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_prune_job_done"), table_name="prune_job")
    op.drop_table("prune_job")
    op.drop_table("retention")
    op.drop_index(op.f("ix_legal_hold_released"), table_name="legal_hold")
    op.drop_table("legal_hold")
    _replace_check(KINDS, ONE_KIND)


def _replace_check(old: str, new: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE change DROP CONSTRAINT changekind")
        op.execute(f"ALTER TABLE change ADD CONSTRAINT changekind CHECK ({new})")
        return
    # Copying the table is no way here: reviews and grants refer to it. SQLite's manual names this one for
    # constraints that change nothing on disk (lang_altertable, section 7).
    version = op.get_bind().scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema=ON")
    statement = sa.text("UPDATE sqlite_schema SET sql = replace(sql, :old, :new) WHERE name = 'change'")
    op.get_bind().execute(statement, {"old": old, "new": new})
    op.execute(f"PRAGMA schema_version={version + 1}")
    op.execute("PRAGMA writable_schema=OFF")
