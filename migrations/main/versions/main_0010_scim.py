"""Create what directories write by SCIM, and their credentials, which are a change for two people."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0010"
down_revision = "main_0009"
branch_labels = None
depends_on = None

KINDS = "kind IN ('access', 'alarm', 'erasure', 'hold_release', 'log_key', 'prune', 'retention', 'sink')"
WITH_SCIM = KINDS.replace("'sink'", "'scim_credential', 'sink'")
PERSONAL = ("user_name", "user_key", "external_id", "content")
"""Columns that name a person: PostgreSQL would keep samples of them among its statistics."""


def upgrade() -> None:
    _replace_check(KINDS, WITH_SCIM)
    _create_credential()
    _create_user()
    _create_group()
    _create_ties()
    if op.get_context().dialect.name == "postgresql":
        for column in PERSONAL:
            op.execute(f"ALTER TABLE scim_user ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    for table in ("scim_team", "scim_exclusion", "scim_member", "scim_group", "scim_user", "scim_credential"):
        op.drop_table(table)
    _replace_check(WITH_SCIM, KINDS)


def _text(length: int) -> sqlmodel.sql.sqltypes.AutoString:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def _create_credential() -> None:
    op.create_table(
        "scim_credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", _text(64), nullable=False),
        sa.Column("issuer", _text(512), nullable=False),
        sa.Column(
            "subject_from",
            _enum("scim_credential_subject_from", "external_id", "user_name"),
            nullable=False,
        ),
        sa.Column("groups_as", _enum("scim_credential_groups_as", "mapped", "teams"), nullable=False),
        sa.Column("token_id", _text(20), nullable=False),
        sa.Column("verifier", _text(64), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_id"),
    )


def _create_user() -> None:
    op.create_table(
        "scim_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", _text(512), nullable=False),
        sa.Column("user_name", _text(255), nullable=False),
        sa.Column("user_key", _text(255), nullable=False),
        sa.Column("external_id", _text(255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "person_id", name="uq_scim_user_issuer_person"),
        sa.UniqueConstraint("issuer", "user_key", name="uq_scim_user_issuer_user_key"),
    )
    op.create_index("ix_scim_user_issuer_external", "scim_user", ["issuer", "external_id"])
    op.create_index(op.f("ix_scim_user_person_id"), "scim_user", ["person_id"])


def _create_group() -> None:
    op.create_table(
        "scim_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", _text(512), nullable=False),
        sa.Column("display_name", _text(255), nullable=False),
        sa.Column("external_id", _text(255), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scim_group_issuer_external", "scim_group", ["issuer", "external_id"])


def _create_ties() -> None:
    op.create_table(
        "scim_member",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["scim_group.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["scim_user.id"]),
        sa.PrimaryKeyConstraint("group_id", "user_id"),
    )
    op.create_index(op.f("ix_scim_member_user_id"), "scim_member", ["user_id"])
    op.create_table(
        "scim_exclusion",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", _text(512), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "scim_team",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", _text(512), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"]),
        sa.PrimaryKeyConstraint("team_id"),
    )


def _replace_check(old: str, new: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE change DROP CONSTRAINT changekind")
        op.execute(f"ALTER TABLE change ADD CONSTRAINT changekind CHECK ({new})")
        return
    # As in main_0003: copying the table is no way here, since reviews and grants refer to it.
    version = op.get_bind().scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema=ON")
    statement = sa.text("UPDATE sqlite_schema SET sql = replace(sql, :old, :new) WHERE name = 'change'")
    op.get_bind().execute(statement, {"old": old, "new": new})
    op.execute(f"PRAGMA schema_version={version + 1}")
    op.execute("PRAGMA writable_schema=OFF")
