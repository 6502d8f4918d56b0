"""The tables of policy: changes, their reviews, the grants they end in, spent sign-ins, and the bundles.

Columns that point at people, teams and routes carry no foreign key: those tables belong to packages that
policy does not know. Times are integer microseconds UTC. Columns named ``content``, ``required`` and
``groups`` hold canonical JSON as text, so that what was hashed is what is stored.
"""

import uuid
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class ChangeKind(StrEnum):
    """What a change is about; ``console.changes.kinds`` says who asks for each kind and what it does."""

    ACCESS = "access"
    ALARM = "alarm"
    CLUSTER = "cluster"
    ERASURE = "erasure"
    HOLD_RELEASE = "hold_release"
    IDENTITY_LINK = "identity_link"
    LOG_KEY = "log_key"
    MAPPING_RULE = "mapping_rule"
    MEMBERSHIP = "membership"
    MODEL = "model"
    POLICY = "policy"
    PROMOTION = "promotion"
    PRUNE = "prune"
    PUBLISH = "publish"
    REAPPROVAL = "reapproval"
    RETENTION = "retention"
    ROLE = "role"
    SCIM_CREDENTIAL = "scim_credential"
    SINK = "sink"
    TRUSTED_ISSUER = "trusted_issuer"


class ChangeState(StrEnum):
    """Where a change stands. Every state but ``pending`` is final."""

    APPROVED = "approved"
    EXPIRED = "expired"
    PENDING = "pending"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ReviewDecision(StrEnum):
    """A reviewer's answer."""

    APPROVE = "approve"
    REFUSE = "refuse"


class PrincipalType(StrEnum):
    """Who holds a grant."""

    PERSON = "person"
    SERVICE = "service"
    TEAM = "team"


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


def _enum(kind: type[StrEnum]) -> sa.Enum:
    return sa.Enum(kind, native_enum=False, create_constraint=True, length=20, values_callable=_values)


class Change(SQLModel, table=True):
    """Something that needs approval. ``content_hash`` is SHA-256 (hex) over ``content``.

    ``why`` are the plan's codes. ``due`` is when an answer is due; ``further`` are the groups that may answer
    in the stead of those asked from then on. ``automatic``: the plan let it go without an answer.
    """

    __tablename__ = "change"

    id: uuid.UUID = Field(primary_key=True)
    kind: ChangeKind = Field(sa_type=_enum(ChangeKind))
    resource_type: str
    resource_id: uuid.UUID = Field(index=True)
    team_id: uuid.UUID | None = Field(default=None)
    requester_id: uuid.UUID = Field(index=True)
    content: str
    content_hash: str
    state: ChangeState = Field(sa_type=_enum(ChangeState), index=True)
    required: str
    policy_revision: str
    created: int = Field(sa_type=sa.BigInteger)
    decided: int | None = Field(default=None, sa_type=sa.BigInteger)
    grant_id: uuid.UUID | None = Field(default=None)
    why: str = Field(default="[]")
    due: int | None = Field(default=None, sa_type=sa.BigInteger)
    further: str = Field(default="[]")
    automatic: bool = Field(default=False)


class Review(SQLModel, table=True):
    """One reviewer's signed answer, with the groups it counted for and the content hash that was seen.

    A deputy's names in ``stands_for`` in whose groups it was given.
    """

    __tablename__ = "review"
    __table_args__ = (sa.UniqueConstraint("change_id", "reviewer_id", name="uq_review_change_reviewer"),)

    id: uuid.UUID = Field(primary_key=True)
    change_id: uuid.UUID = Field(foreign_key="change.id")
    reviewer_id: uuid.UUID = Field(index=True)
    decision: ReviewDecision = Field(sa_type=_enum(ReviewDecision))
    groups: str
    meaning: str
    reason: str
    content_hash: str
    created: int = Field(sa_type=sa.BigInteger)
    stands_for: uuid.UUID | None = Field(default=None)


class Delegation(SQLModel, table=True):
    """A person lets a deputy answer for them from ``starts`` until ``ends``, or says that they are away.

    It counts once the deputy has accepted; ``deputy_id`` is None where somebody is only away.
    """

    __tablename__ = "delegation"

    id: uuid.UUID = Field(primary_key=True)
    person_id: uuid.UUID = Field(index=True)
    deputy_id: uuid.UUID | None = Field(default=None, index=True)
    away: bool = Field(default=False)
    starts: int = Field(sa_type=sa.BigInteger)
    ends: int = Field(sa_type=sa.BigInteger)
    accepted: int | None = Field(default=None, sa_type=sa.BigInteger)
    created: int = Field(sa_type=sa.BigInteger)


class Grant(SQLModel, table=True):
    """A permission for a principal or team on a resource from ``starts`` until ``ends``."""

    __tablename__ = "access_grant"
    __table_args__ = (sa.Index("ix_access_grant_principal", "principal_type", "principal_id"),)

    id: uuid.UUID = Field(primary_key=True)
    principal_type: PrincipalType = Field(sa_type=_enum(PrincipalType))
    principal_id: uuid.UUID
    permission: str
    resource_type: str
    resource_id: uuid.UUID = Field(index=True)
    change_id: uuid.UUID = Field(foreign_key="change.id")
    starts: int = Field(sa_type=sa.BigInteger)
    ends: int = Field(sa_type=sa.BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    revoked_by: uuid.UUID | None = Field(default=None)
    revoke_reason: str | None = Field(default=None)


class SignInUse(SQLModel, table=True):
    """A stepped-up sign-in (or token ``jti``) that has signed its one submission."""

    __tablename__ = "sign_in_use"

    key: str = Field(primary_key=True)
    submission_id: uuid.UUID
    created: int = Field(sa_type=sa.BigInteger)


class PolicyBundle(SQLModel, table=True):
    """The files of one revision, kept for ever. ``files`` is canonical JSON, path to text, without tests.

    The worker signs a revision when it becomes the active one: ``signature`` is what goes into the bundle as
    ``.signatures.json``, ``key_id`` names the key and ``signed`` says when.
    """

    __tablename__ = "policy_bundle"

    revision: str = Field(primary_key=True, max_length=64)
    files: str = Field(sa_type=sa.Text)
    created: int = Field(sa_type=sa.BigInteger)
    key_id: str | None = Field(default=None, max_length=64)
    signature: str | None = Field(default=None, sa_type=sa.Text)
    signed: int | None = Field(default=None, sa_type=sa.BigInteger)


class PolicyDraft(SQLModel, table=True):
    """A candidate on somebody's desk: ``files`` is canonical JSON, path to text, tests and cases included.

    ``report`` is what checking found. ``base`` is the revision it was begun from; once it was ``proposed``
    nothing of it changes. ``authors`` are the ids of everybody who wrote on it, canonical JSON.
    """

    __tablename__ = "policy_draft"

    id: uuid.UUID = Field(primary_key=True)
    author_id: uuid.UUID = Field(index=True)
    base: str = Field(max_length=64)
    files: str = Field(sa_type=sa.Text)
    report: str | None = Field(default=None, sa_type=sa.Text)
    proposed: int | None = Field(default=None, sa_type=sa.BigInteger)
    created: int = Field(sa_type=sa.BigInteger)
    updated: int = Field(sa_type=sa.BigInteger)
    authors: str = Field(default="[]", sa_type=sa.Text)


class PolicyReplay(SQLModel, table=True):
    """Past decisions taken again under a draft, so far; it is of these very files of the draft.

    ``asked`` tells one replay of a draft from the next. It reads the decisions since ``since`` whose index in
    the log is behind ``first`` and at most ``last``; ``position`` is the index that was read up to, so that
    another process can go on. ``done`` with ``trouble`` was given up; without, ``digest`` is SHA-256 over
    what was found.
    """

    __tablename__ = "policy_replay"

    draft_id: uuid.UUID = Field(primary_key=True)
    asked: int = Field(sa_type=sa.BigInteger, index=True)
    since: int = Field(sa_type=sa.BigInteger)
    first: int = Field(sa_type=sa.BigInteger)
    last: int = Field(sa_type=sa.BigInteger)
    position: int = Field(sa_type=sa.BigInteger)
    decisions: int = Field(default=0, sa_type=sa.BigInteger)
    unreadable: int = Field(default=0, sa_type=sa.BigInteger)
    altered: int = Field(default=0, sa_type=sa.BigInteger)
    undecided: int = Field(default=0, sa_type=sa.BigInteger)
    flipped: int = Field(default=0, sa_type=sa.BigInteger)
    trouble: str | None = Field(default=None, max_length=300)
    digest: str | None = Field(default=None, max_length=64)
    done: int | None = Field(default=None, sa_type=sa.BigInteger, index=True)


class PolicyFlip(SQLModel, table=True):
    """Decisions alike that would come out differently under a draft: how many, and the first of them.

    ``place`` sorts them by what they are, then by ``person`` (an id), and is made from all of ``said``,
    canonical JSON.
    """

    __tablename__ = "policy_flip"

    draft_id: uuid.UUID = Field(primary_key=True)
    place: str = Field(primary_key=True, max_length=80)
    what: str = Field(max_length=20)
    person: str = Field(max_length=64)
    said: str = Field(sa_type=sa.Text)
    times: int = Field(sa_type=sa.BigInteger)
    entry: uuid.UUID


class ActivePolicy(SQLModel, table=True):
    """The one row that says which revision decides; without it, the revision that comes with the product.

    ``previous`` decided before, and ``change_id`` is the change that two people made it by.
    """

    __tablename__ = "active_policy"

    id: uuid.UUID = Field(primary_key=True)
    revision: str = Field(max_length=64)
    previous: str = Field(max_length=64)
    change_id: uuid.UUID
    activated: int = Field(sa_type=sa.BigInteger)


class PolicyEngine(SQLModel, table=True):
    """What an OPA server last reported of itself, by the id it gives itself; no decision reads it.

    ``revision`` is that of the bundle it answers from, ``trouble`` what keeps it from a newer one, both as it
    ``stated`` them then; ``reported`` is when it was last heard of, with whatever.
    ``decisions`` counts logged decisions that answer questions of ours, ``ignored`` all others.
    """

    __tablename__ = "policy_engine"

    id: str = Field(primary_key=True, max_length=64)
    revision: str | None = Field(default=None, max_length=64)
    trouble: str | None = Field(default=None, max_length=300)
    decisions: int = Field(default=0, sa_type=sa.BigInteger)
    ignored: int = Field(default=0, sa_type=sa.BigInteger)
    reported: int = Field(sa_type=sa.BigInteger)
    stated: int | None = Field(default=None, sa_type=sa.BigInteger)
