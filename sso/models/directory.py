"""Tables of the directory: people, how issuers know them, teams, memberships, roles and mapping rules."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7


class PersonKind(StrEnum):
    """What a directory entry stands for."""

    PERSON = "person"
    SERVICE = "service"


class PersonState(StrEnum):
    """Whether the person may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"


class TeamRole(StrEnum):
    """A role held in one team."""

    OWNER = "owner"
    MEMBER = "member"


class PlatformRole(StrEnum):
    """A role held on the platform, within a scope."""

    ADMIN = "admin"
    AUDITOR = "auditor"
    REVIEWER = "reviewer"


class RuleRole(StrEnum):
    """What a mapping rule can give: a team role or a platform role."""

    OWNER = "owner"
    MEMBER = "member"
    ADMIN = "admin"
    AUDITOR = "auditor"
    REVIEWER = "reviewer"


class RuleMatcher(StrEnum):
    """How a rule compares a claim's value with its own: the same text, or the same path or one below it."""

    EXACT = "exact"
    PATH_PREFIX = "path_prefix"


class Source(StrEnum):
    """Who keeps a row: one source never removes another's rows."""

    CLAIM = "claim"
    SCIM = "scim"
    MANUAL = "manual"


def enum_type(kind: type[StrEnum], name: str) -> sa.Enum:
    """Keep an enum as text with a named check constraint."""
    return sa.Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class Person(SQLModel, table=True):
    """A person or a service; everything that names them is in `Profile`."""

    __tablename__ = "person"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    kind: PersonKind = Field(default=PersonKind.PERSON, sa_type=enum_type(PersonKind, "person_kind"))
    state: PersonState = Field(default=PersonState.ACTIVE, sa_type=enum_type(PersonState, "person_state"))
    created: int = Field(sa_type=sa.BigInteger)


class Profile(SQLModel, table=True):
    """The erasable row that names a person."""

    __tablename__ = "profile"
    __table_args__ = (sa.UniqueConstraint("handle", name="uq_profile_handle"),)

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    handle: str = Field(max_length=64)
    name: str = Field(max_length=200)
    email: str | None = Field(default=None, max_length=320)


class Identity(SQLModel, table=True):
    """How an issuer knows a person; the only key a sign-in is matched by."""

    __tablename__ = "identity"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject", name="uq_identity_issuer_subject"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    issuer: str = Field(max_length=512)
    subject: str = Field(max_length=255)
    person_id: UUID = Field(foreign_key="person.id", index=True)


class IdentityLink(SQLModel, table=True):
    """Two accounts are one human: neither answers for what the other asked, and both count once."""

    __tablename__ = "identity_link"
    __table_args__ = (sa.UniqueConstraint("person_id", "other_id", name="uq_identity_link_pair"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    other_id: UUID = Field(foreign_key="person.id", index=True)
    change_id: UUID
    created: int = Field(sa_type=sa.BigInteger)


class Team(SQLModel, table=True):
    """A team; its name appears in policy documents and API bodies."""

    __tablename__ = "team"
    __table_args__ = (sa.UniqueConstraint("name", name="uq_team_name"),)

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(max_length=32)
    created: int = Field(sa_type=sa.BigInteger)


class Membership(SQLModel, table=True):
    """A person's role in a team, and which source keeps it."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "team_id", "role", "managed_by", name="uq_membership_all"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    team_id: UUID = Field(foreign_key="team.id", index=True)
    role: TeamRole = Field(sa_type=enum_type(TeamRole, "membership_role"))
    managed_by: Source = Field(sa_type=enum_type(Source, "membership_managed_by"))


class RoleAssignment(SQLModel, table=True):
    """A person's platform role; `scope` is `all` or a canonical JSON list of team names."""

    __tablename__ = "role_assignment"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "role", "managed_by", name="uq_role_assignment_person_role"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    role: PlatformRole = Field(sa_type=enum_type(PlatformRole, "role_assignment_role"))
    scope: str = Field(default="all", sa_type=sa.Text)
    managed_by: Source = Field(sa_type=enum_type(Source, "role_assignment_managed_by"))


class MappingRule(SQLModel, table=True):
    """A claim value of an issuer, and the role it gives (in a team, or on the platform in a scope).

    A rule by path that gives a team role without a team names it by the next step of the path.
    """

    __tablename__ = "mapping_rule"
    __table_args__ = (
        sa.CheckConstraint(
            "(team_id IS NOT NULL) = (role IN ('owner', 'member'))"
            " OR (matcher = 'path_prefix' AND team_id IS NULL)",
            name="ck_mapping_rule_team_role",
        ),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    issuer: str = Field(max_length=512)
    claim: str = Field(max_length=100)
    matcher: RuleMatcher = Field(
        default=RuleMatcher.EXACT, sa_type=enum_type(RuleMatcher, "mapping_rule_matcher")
    )
    value: str = Field(max_length=500)
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    role: RuleRole = Field(sa_type=enum_type(RuleRole, "mapping_rule_role"))
    scope: str = Field(default="all", sa_type=sa.Text)
    created: int = Field(sa_type=sa.BigInteger)


class ClaimDigest(SQLModel, table=True):
    """That an identity carried a claim value at its last sign-in; goes with the identity."""

    __tablename__ = "claim_digest"

    identity_id: UUID = Field(primary_key=True)
    digest: bytes = Field(primary_key=True, sa_type=sa.LargeBinary, index=True)
