"""Let an approval that went stale be answered anew, as a change of its own kind."""

import sqlalchemy as sa
from alembic import op

revision = "main_0022"
down_revision = "main_0021"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('access', 'alarm', 'cluster', 'erasure', 'hold_release', 'identity_link', 'log_key',"
    " 'mapping_rule', 'membership', 'model', 'policy', 'promotion', 'prune', 'publish', 'retention', 'role',"
    " 'scim_credential', 'sink', 'trusted_issuer')"
)
MORE = KINDS.replace("'publish',", "'publish', 'reapproval',")


def upgrade() -> None:
    _replace_check(KINDS, MORE)


def downgrade() -> None:
    op.execute("DELETE FROM review WHERE change_id IN (SELECT id FROM change WHERE kind = 'reapproval')")
    op.execute("DELETE FROM change WHERE kind = 'reapproval'")
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
