"""Tables of break glass: the two sealed credentials, and each time one of them was used."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7


class SealedCredential(SQLModel, table=True):
    """A credential that one person keeps sealed; only its digest is here. Once `spent` it opens nothing."""

    __tablename__ = "sealed_credential"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    digest: str = Field(max_length=64, unique=True)
    created: int = Field(sa_type=sa.BigInteger)
    spent: int | None = Field(default=None, sa_type=sa.BigInteger)


class BreakGlass(SQLModel, table=True):
    """One use: opened by a holder until `ends`, perhaps closed before, and reviewed by somebody else.

    `admitted_id` is who was made admin under it: neither they nor the holder may review it. `alarmed` is when
    the log last said that nobody has reviewed it; no decision reads that.
    """

    __tablename__ = "break_glass"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    credential_id: UUID = Field(foreign_key="sealed_credential.id")
    opened: int = Field(sa_type=sa.BigInteger)
    ends: int = Field(sa_type=sa.BigInteger)
    closed: int | None = Field(default=None, sa_type=sa.BigInteger)
    admitted_id: UUID | None = Field(default=None)
    reviewed: int | None = Field(default=None, sa_type=sa.BigInteger, index=True)
    reviewed_by: UUID | None = Field(default=None)
    alarmed: int | None = Field(default=None, sa_type=sa.BigInteger)
