"""Tables of keys and service accounts; times are integer microseconds UTC."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7


class ApiKey(SQLModel, table=True):
    """A key of a person or service. Of its secret only an HMAC under a pepper is here.

    `lookup` is the id inside the key's text; `scopes` and `routes` are JSON lists; without `routes` it is for
    every route of its owner. While a rotation's grace lasts, the secret of before counts too: `old_…`.
    """

    __tablename__ = "api_key"
    __table_args__ = (sa.UniqueConstraint("lookup", name="uq_api_key_lookup"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    lookup: str = Field(max_length=10)
    owner_id: UUID = Field(foreign_key="person.id", index=True)
    made_by: UUID = Field(foreign_key="person.id")
    name: str = Field(max_length=100)
    scopes: str = Field(sa_type=sa.Text)
    routes: str | None = Field(default=None, sa_type=sa.Text)
    pepper: int = Field(sa_type=sa.Integer)
    digest: str = Field(max_length=64)
    old_pepper: int | None = Field(default=None, sa_type=sa.Integer)
    old_digest: str | None = Field(default=None, max_length=64)
    old_end: int | None = Field(default=None, sa_type=sa.BigInteger)
    created: int = Field(sa_type=sa.BigInteger)
    ends: int = Field(sa_type=sa.BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    revoke_reason: str | None = Field(default=None, max_length=500)


class ApiKeyUse(SQLModel, table=True):
    """When a key was last used, to the minute; apart, so that its writing never waits for the key's row."""

    __tablename__ = "api_key_use"

    key_id: UUID = Field(primary_key=True, foreign_key="api_key.id")
    at: int = Field(sa_type=sa.BigInteger)


class ServiceAccount(SQLModel, table=True):
    """A program with rights of its own, that a team answers for; `id` is its principal's."""

    __tablename__ = "service_account"

    id: UUID = Field(primary_key=True, foreign_key="person.id")
    team_id: UUID = Field(foreign_key="team.id", index=True)
    purpose: str = Field(max_length=500)
    created_by: UUID = Field(foreign_key="person.id")
    created: int = Field(sa_type=sa.BigInteger)
