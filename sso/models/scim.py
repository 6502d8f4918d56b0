"""Tables of SCIM: its credentials, and what a directory keeps here. Times are integer microseconds UTC.

A user row points at a person and holds what the directory says of them: an erasure deletes it as a whole.
"""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from sso.models.directory import enum_type


class SubjectFrom(StrEnum):
    """Which attribute of a SCIM user is the subject in the issuer's tokens."""

    EXTERNAL_ID = "external_id"
    USER_NAME = "user_name"


class GroupsAs(StrEnum):
    """What a SCIM group becomes: only what mapping rules say, or also a team of its own name."""

    MAPPED = "mapped"
    TEAMS = "teams"


class ScimCredential(SQLModel, table=True):
    """One bearer token of a directory; `verifier` is a peppered HMAC, and the token itself is nowhere."""

    __tablename__ = "scim_credential"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(max_length=64)
    issuer: str = Field(max_length=512)
    subject_from: SubjectFrom = Field(sa_type=enum_type(SubjectFrom, "scim_credential_subject_from"))
    groups_as: GroupsAs = Field(sa_type=enum_type(GroupsAs, "scim_credential_groups_as"))
    token_id: str = Field(max_length=20, unique=True)
    verifier: str = Field(max_length=64)
    change_id: UUID
    created: int = Field(sa_type=sa.BigInteger)
    expires: int = Field(sa_type=sa.BigInteger)
    used: int | None = Field(default=None, sa_type=sa.BigInteger)
    revoked: int | None = Field(default=None, sa_type=sa.BigInteger)
    revoked_by: UUID | None = Field(default=None)


class ScimUser(SQLModel, table=True):
    """What a directory says of a person. `content` is JSON of the attributes that have no column."""

    __tablename__ = "scim_user"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "user_key", name="uq_scim_user_issuer_user_key"),
        sa.UniqueConstraint("issuer", "person_id", name="uq_scim_user_issuer_person"),
        sa.Index("ix_scim_user_issuer_external", "issuer", "external_id"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    issuer: str = Field(max_length=512)
    user_name: str = Field(max_length=255)
    user_key: str = Field(max_length=255)
    external_id: str | None = Field(default=None, max_length=255)
    active: bool | None = Field(default=None)
    content: str = Field(default="{}", sa_type=sa.Text)
    version: int = Field(default=1, sa_type=sa.BigInteger)
    created: int = Field(sa_type=sa.BigInteger)
    modified: int = Field(sa_type=sa.BigInteger)


class ScimGroup(SQLModel, table=True):
    """A directory's group; `team_id` is the team made for it, where the credential says so."""

    __tablename__ = "scim_group"
    __table_args__ = (sa.Index("ix_scim_group_issuer_external", "issuer", "external_id"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    issuer: str = Field(max_length=512)
    display_name: str = Field(max_length=255)
    external_id: str | None = Field(default=None, max_length=255)
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    version: int = Field(default=1, sa_type=sa.BigInteger)
    created: int = Field(sa_type=sa.BigInteger)
    modified: int = Field(sa_type=sa.BigInteger)


class ScimMember(SQLModel, table=True):
    """A user in a group."""

    __tablename__ = "scim_member"

    group_id: UUID = Field(primary_key=True, foreign_key="scim_group.id")
    user_id: UUID = Field(primary_key=True, foreign_key="scim_user.id", index=True)


class ScimExclusion(SQLModel, table=True):
    """A person whom a directory, and nobody else, keeps out; that directory may let them in again."""

    __tablename__ = "scim_exclusion"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    issuer: str = Field(max_length=512)


class ScimTeam(SQLModel, table=True):
    """A team made for a directory's group; a later group of that name and directory finds it again."""

    __tablename__ = "scim_team"

    team_id: UUID = Field(primary_key=True, foreign_key="team.id")
    issuer: str = Field(max_length=512)
