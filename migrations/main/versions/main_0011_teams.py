"""Let rules match paths; keep claim digests and what was done alone; let rights take two people."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0011"
down_revision = "main_0010"
branch_labels = None
depends_on = None

OLD_KINDS = (
    "kind IN ('access', 'alarm', 'erasure', 'hold_release', 'log_key', 'prune', 'retention',"
    " 'scim_credential', 'sink')"
)
NEW_KINDS = (
    "kind IN ('access', 'alarm', 'erasure', 'hold_release', 'log_key', 'mapping_rule', 'membership',"
    " 'prune', 'retention', 'role', 'scim_credential', 'sink')"
)
OLD_TEAM = "(team_id IS NOT NULL) = (role IN ('owner', 'member'))"
NEW_TEAM = f"{OLD_TEAM} OR (matcher = 'path_prefix' AND team_id IS NULL)"
MATCHER = sa.Enum(
    "exact", "path_prefix", name="mapping_rule_matcher", native_enum=False, create_constraint=True, length=20
)


def upgrade() -> None:
    _replace_check(OLD_KINDS, NEW_KINDS)
    with op.batch_alter_table("mapping_rule") as table:
        table.add_column(sa.Column("matcher", MATCHER, nullable=False, server_default="exact"))
        table.drop_constraint("ck_mapping_rule_team_role", type_="check")
        table.create_check_constraint("ck_mapping_rule_team_role", NEW_TEAM)
    with op.batch_alter_table("mapping_rule") as table:
        table.alter_column("matcher", existing_type=MATCHER, existing_nullable=False, server_default=None)
    op.create_table(
        "claim_digest",
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "digest"),
    )
    op.create_index(op.f("ix_claim_digest_digest"), "claim_digest", ["digest"], unique=False)
    op.create_table(
        "single_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("resource_type", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("confirmed", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_single_act_confirmed"), "single_act", ["confirmed"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_single_act_confirmed"), table_name="single_act")
    op.drop_table("single_act")
    op.drop_index(op.f("ix_claim_digest_digest"), table_name="claim_digest")
    op.drop_table("claim_digest")
    op.execute("DELETE FROM mapping_rule WHERE matcher = 'path_prefix'")
    with op.batch_alter_table("mapping_rule") as table:
        table.drop_constraint("ck_mapping_rule_team_role", type_="check")
        table.drop_constraint("mapping_rule_matcher", type_="check")
        table.drop_column("matcher")
        table.create_check_constraint("ck_mapping_rule_team_role", OLD_TEAM)
    _replace_check(NEW_KINDS, OLD_KINDS)


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
