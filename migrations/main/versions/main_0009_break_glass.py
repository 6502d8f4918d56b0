"""Create the sealed credentials of break glass, and the uses of them."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "main_0009"
down_revision = "main_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealed_credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(op.f("ix_sealed_credential_person_id"), "sealed_credential", ["person_id"], unique=False)
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("admitted_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("alarmed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["credential_id"], ["sealed_credential.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_break_glass_reviewed"), "break_glass", ["reviewed"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_break_glass_reviewed"), table_name="break_glass")
    op.drop_table("break_glass")
    op.drop_index(op.f("ix_sealed_credential_person_id"), table_name="sealed_credential")
    op.drop_table("sealed_credential")
