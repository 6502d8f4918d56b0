"""Create the issuers whose workload tokens are believed, and let two people change them."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0013"
down_revision = "main_0012"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('access', 'alarm', 'erasure', 'hold_release', 'log_key', 'mapping_rule', 'membership',"
    " 'prune', 'retention', 'role', 'scim_credential', 'sink')"
)
WITH_ISSUERS = KINDS.replace("'sink'", "'sink', 'trusted_issuer'")


def upgrade() -> None:
    _replace_check(KINDS, WITH_ISSUERS)
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "trusted_issuer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", text(length=64), nullable=False),
        sa.Column("issuer", text(length=512), nullable=False),
        sa.Column("audience", text(length=255), nullable=False),
        sa.Column("jwks_url", text(length=512), nullable=True),
        sa.Column("jwks", sa.Text(), nullable=True),
        sa.Column("pins", sa.Text(), nullable=False),
        sa.Column("longest", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_trusted_issuer_issuer"), "trusted_issuer", ["issuer"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_trusted_issuer_issuer"), table_name="trusted_issuer")
    op.drop_table("trusted_issuer")
    _replace_check(WITH_ISSUERS, KINDS)


def _replace_check(old: str, new: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE change DROP CONSTRAINT changekind")
        op.execute(f"ALTER TABLE change ADD CONSTRAINT changekind CHECK ({new})")
        return
    # As in main_0003: the table cannot be copied, because reviews and grants refer to it.
    version = op.get_bind().scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema=ON")
    statement = sa.text("UPDATE sqlite_schema SET sql = replace(sql, :old, :new) WHERE name = 'change'")
    op.get_bind().execute(statement, {"old": old, "new": new})
    op.execute(f"PRAGMA schema_version={version + 1}")
    op.execute("PRAGMA writable_schema=OFF")
