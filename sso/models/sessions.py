"""Tables of sessions and of sign-ins under way; times are integer microseconds UTC unless said."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7


class Session(SQLModel, table=True):
    """A browser session; the key is SHA-256 of the cookie. `auth_time` is in seconds, as in the claim.

    `id` names it to people and in the log. `sealed` holds the provider's refresh token and ID token, sealed.
    `refreshed` is when the provider last confirmed it, `must_refresh` since when it has to before the next
    request, and `refreshing` when a process took that on. `device` and `address` are what people know it by.
    """

    __tablename__ = "session"
    __table_args__ = (sa.UniqueConstraint("id", name="uq_session_id"),)

    id_hash: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(default_factory=uuid7)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    issuer: str = Field(max_length=512)
    subject: str = Field(max_length=255)
    provider_sid: str | None = Field(default=None, max_length=255, index=True)
    created: int = Field(sa_type=sa.BigInteger)
    seen: int = Field(sa_type=sa.BigInteger)
    idle_end: int = Field(sa_type=sa.BigInteger)
    end: int = Field(sa_type=sa.BigInteger)
    auth_time: int | None = Field(default=None, sa_type=sa.BigInteger)
    acr: str | None = Field(default=None, max_length=255)
    revoked_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    revoke_reason: str | None = Field(default=None, max_length=200)
    sealed: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    refreshed: int = Field(default=0, sa_type=sa.BigInteger)
    must_refresh: int | None = Field(default=None, sa_type=sa.BigInteger)
    refreshing: int | None = Field(default=None, sa_type=sa.BigInteger)
    device: str | None = Field(default=None, max_length=100)
    address: str | None = Field(default=None, max_length=64)


class SignIn(SQLModel, table=True):
    """A sign-in under way; the key is SHA-256 over cookie and state. `max_age` is in seconds."""

    __tablename__ = "sign_in"

    id_hash: str = Field(primary_key=True, max_length=64)
    issuer: str = Field(max_length=512)
    nonce: str = Field(max_length=128)
    code_verifier: str = Field(max_length=128)
    next_path: str = Field(max_length=2000)
    acr_requested: str | None = Field(default=None, max_length=255)
    max_age: int | None = Field(default=None, sa_type=sa.Integer)
    created: int = Field(sa_type=sa.BigInteger, index=True)


class SpentToken(SQLModel, table=True):
    """A token that is good once, such as a logout token; the key is SHA-256 over issuer and `jti`."""

    __tablename__ = "spent_token"

    id_hash: str = Field(primary_key=True, max_length=64)
    end: int = Field(sa_type=sa.BigInteger, index=True)


class SignedOut(SQLModel, table=True):
    """Since when tokens of a subject must be newer: the key is SHA-256 over issuer and subject."""

    __tablename__ = "signed_out"

    id_hash: str = Field(primary_key=True, max_length=64)
    since: int = Field(sa_type=sa.BigInteger)
