"""Tables of sessions and of sign-ins under way; times are integer microseconds UTC unless said."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Session(SQLModel, table=True):
    """A browser session; the key is SHA-256 of the cookie. `auth_time` is in seconds, as in the claim."""

    __tablename__ = "session"

    id_hash: str = Field(primary_key=True, max_length=64)
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
