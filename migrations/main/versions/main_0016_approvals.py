"""Give changes a clock and further groups, answers a deputy, and create deputies and linked accounts."""

import sqlalchemy as sa
from alembic import op

revision = "main_0016"
down_revision = "main_0015"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('access', 'alarm', 'erasure', 'hold_release', 'log_key', 'mapping_rule', 'membership',"
    " 'prune', 'retention', 'role', 'scim_credential', 'sink', 'trusted_issuer')"
)
MORE = (
    "kind IN ('access', 'alarm', 'cluster', 'erasure', 'hold_release', 'identity_link', 'log_key',"
    " 'mapping_rule', 'membership', 'model', 'policy', 'promotion', 'prune', 'publish', 'retention', 'role',"
    " 'scim_credential', 'sink', 'trusted_issuer')"
)


def upgrade() -> None:
    _replace_check(KINDS, MORE)
    op.add_column("change", sa.Column("why", sa.String(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("change", sa.Column("due", sa.BigInteger(), nullable=True))
    op.add_column("change", sa.Column("further", sa.String(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column(
        "change", sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("review", sa.Column("stands_for", sa.Uuid(), nullable=True))
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=True),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_delegation_person_id"), "delegation", ["person_id"], unique=False)
    op.create_index(op.f("ix_delegation_deputy_id"), "delegation", ["deputy_id"], unique=False)
    op.create_table(
        "identity_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "other_id", name="uq_identity_link_pair"),
    )
    op.create_index(op.f("ix_identity_link_other_id"), "identity_link", ["other_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_identity_link_other_id"), table_name="identity_link")
    op.drop_table("identity_link")
    op.drop_index(op.f("ix_delegation_deputy_id"), table_name="delegation")
    op.drop_index(op.f("ix_delegation_person_id"), table_name="delegation")
    op.drop_table("delegation")
    op.drop_column("review", "stands_for")
    for name in ("automatic", "further", "due", "why"):
        op.drop_column("change", name)
    _replace_check(MORE, KINDS)


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
