"""Drop the subject keys that lay beside the bodies; `guildhall db upgrade` moved them to the key store."""

import sqlalchemy as sa
from alembic import op

revision = "main_0005"
down_revision = "main_0004"
branch_labels = None
depends_on = None

NAMING = {
    "profile": ("handle", "name", "email"),
    "identity": ("subject",),
    "session": ("subject",),
    "change": ("content",),
    "review": ("reason", "meaning"),
    "access_grant": ("revoke_reason",),
}
"""Columns that may hold a person's name: PostgreSQL would keep samples of them among its statistics."""


def upgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM subject_key")):
        raise RuntimeError("Subject keys still lie in this database: run `guildhall db upgrade` as a whole.")
    op.drop_table("subject_key")
    _sample(0)


def downgrade() -> None:
    _sample(-1)
    op.create_table(
        "subject_key",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("subject", name="uq_subject_key_subject"),
    )


def _sample(target: int) -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for table, columns in NAMING.items():
        for column in columns:
            op.execute(f'ALTER TABLE "{table}" ALTER COLUMN {column} SET STATISTICS {target}')
