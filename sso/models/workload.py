"""The table of issuers whose workload tokens are believed. Times are integer microseconds UTC unless said."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7


class TrustedIssuer(SQLModel, table=True):
    """Which tokens of an issuer become which service account; `longest` is in seconds.

    `pins` is canonical JSON: by JSON pointer (RFC 6901) the exact text that a claim has to be. Keys come from
    `jwks_url`, or are pasted in `jwks`.
    """

    __tablename__ = "trusted_issuer"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(max_length=64)
    issuer: str = Field(max_length=512, index=True)
    audience: str = Field(max_length=255)
    jwks_url: str | None = Field(default=None, max_length=512)
    jwks: str | None = Field(default=None, sa_type=sa.Text)
    pins: str = Field(sa_type=sa.Text)
    longest: int = Field(sa_type=sa.Integer)
    service_id: UUID = Field(foreign_key="person.id")
    change_id: UUID
    created: int = Field(sa_type=sa.BigInteger)
    revoked: int | None = Field(default=None, sa_type=sa.BigInteger)
    revoked_by: UUID | None = Field(default=None)
