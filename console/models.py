"""Tables of the console: the installation, clusters, the catalog and its routes."""

import enum
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SINGLE_PERSON: Final = "single_person"
"""The flag of an act of an admin alone (contract, "The first days"); each such act has its `SingleAct`."""


def _text_enum(kind: type[enum.StrEnum]) -> sa.Enum:
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class Visibility(enum.StrEnum):
    """Who may find a model; see the contract's Visibility paragraph."""

    HIDDEN = "hidden"
    LISTED = "listed"
    SHARED = "shared"


class Tier(enum.StrEnum):
    """How much harm a model could do: exposure times purpose (SR 26-2)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class DataClass(enum.StrEnum):
    """The most sensitive data a model is fed with."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    PERSONAL = "personal"
    SPECIAL = "special"


class RouteState(enum.StrEnum):
    """Whether calls on a route may be decided at all."""

    ACTIVE = "active"
    STOPPED = "stopped"


class Installation(SQLModel, table=True):
    """The one row that stamps this database with its profile and the log's origin."""

    __tablename__ = "installation"
    id: int = Field(default=1, primary_key=True)
    installation_id: UUID = Field(default_factory=uuid7)
    profile: str = Field(max_length=20)
    origin: str = Field(max_length=200)
    created: int = Field(sa_type=sa.BigInteger)


class UnexplainedRow(SQLModel, table=True):
    """A row of which `why` no recorded act explains it; it counts as absent (console.governed).

    `row_id` is an event's id when the event's rows are missing; `event_id` is the event in question, if any.
    """

    __tablename__ = "unexplained_row"
    kind: str = Field(primary_key=True, max_length=40)
    row_id: UUID = Field(primary_key=True)
    why: str = Field(max_length=40)
    found: int = Field(sa_type=sa.BigInteger)
    event_id: UUID | None = Field(default=None)


class Moved(SQLModel, table=True):
    """Something that decisions read has moved; triggers write it with the change (console.freshness.watched).

    `key` is the row's id without dashes, `transaction_id` PostgreSQL's own (0 on SQLite), and `at` the
    database's time, by which rows are forgotten after some minutes.
    """

    __tablename__ = "moved"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number that was pruned is never given again
    sequence: int | None = Field(
        default=None, sa_column=sa.Column(BIG_KEY, primary_key=True, autoincrement=True)
    )
    transaction_id: int = Field(sa_type=sa.BigInteger, index=True)
    kind: str = Field(max_length=40)
    key: str = Field(max_length=64)
    at: int = Field(sa_type=sa.BigInteger)


class SingleAct(SQLModel, table=True):
    """What an admin did alone in the first days, and who confirmed it; `id` is the event's."""

    __tablename__ = "single_act"
    id: UUID = Field(primary_key=True)
    actor_id: UUID
    action: str = Field(max_length=64)
    resource_type: str | None = Field(default=None, max_length=40)
    resource_id: UUID | None = Field(default=None)
    created: int = Field(sa_type=sa.BigInteger)
    confirmed: int | None = Field(default=None, sa_type=sa.BigInteger, index=True)
    confirmed_by: UUID | None = Field(default=None)


class Cluster(SQLModel, table=True):
    """A serving installation that already runs somewhere."""

    __tablename__ = "cluster"
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(max_length=64, unique=True)
    kind: str = Field(max_length=20)
    url: str = Field(max_length=500)
    state: str = Field(max_length=20)
    created: int = Field(sa_type=sa.BigInteger)
    seen: int | None = Field(default=None, sa_type=sa.BigInteger)


class Model(SQLModel, table=True):
    """A model as the marketplace shows it; `namespace` is fixed at creation, the owner is not."""

    __tablename__ = "model"
    __table_args__ = (sa.UniqueConstraint("namespace", "name"),)
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    team_id: UUID = Field(foreign_key="team.id", index=True)
    namespace: str = Field(max_length=32)
    name: str = Field(max_length=64)
    title: str = Field(max_length=120)
    summary: str = Field(max_length=500)
    task: str = Field(max_length=60)
    purpose: str = Field(max_length=500)
    card: str = Field(sa_type=sa.Text)
    visibility: Visibility = Field(sa_type=_text_enum(Visibility))
    tier: Tier = Field(sa_type=_text_enum(Tier))
    data_class: DataClass = Field(sa_type=_text_enum(DataClass))
    created: int = Field(sa_type=sa.BigInteger)


class Version(SQLModel, table=True):
    """A version of a model and the evidence its approval is bound to (console.catalog.evidence).

    `served` is the digest over `served_as`, what the cluster reported when it was approved; `artifact` is
    where its bytes are read, below the cluster's folder of artifacts; both are empty where there is none.
    """

    __tablename__ = "version"
    __table_args__ = (sa.UniqueConstraint("model_id", "label"),)
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    model_id: UUID = Field(foreign_key="model.id", index=True)
    label: str = Field(max_length=64)
    evidence_kind: str = Field(max_length=20)
    evidence: str = Field(max_length=128)
    served: str = Field(default="", max_length=64)
    served_as: str = Field(default="{}", sa_type=sa.Text)
    artifact: str = Field(default="", max_length=255)
    card: str = Field(sa_type=sa.Text)
    created: int = Field(sa_type=sa.BigInteger)


class Deployment(SQLModel, table=True):
    """A version served by a cluster; a draft until `version_id` is bound by publishing.

    `differs` names what is no longer as it was approved, separated by commas; while it is not empty, calls
    are refused.
    """

    __tablename__ = "deployment"
    __table_args__ = (sa.UniqueConstraint("cluster_id", "upstream_name", "upstream_version"),)
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    cluster_id: UUID = Field(foreign_key="cluster.id", index=True)
    upstream_name: str = Field(max_length=100)
    upstream_version: str = Field(max_length=64)
    version_id: UUID | None = Field(default=None, foreign_key="version.id", index=True)
    platform: str = Field(default="", max_length=100)
    inputs: str = Field(default="[]", sa_type=sa.Text)
    outputs: str = Field(default="[]", sa_type=sa.Text)
    state: str = Field(default="unknown", max_length=20)
    differs: str = Field(default="", max_length=100)
    seen: int = Field(sa_type=sa.BigInteger)


class Route(SQLModel, table=True):
    """The stable name callers use, `team.model`; names are never reused."""

    __tablename__ = "route"
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    name: str = Field(max_length=97, unique=True)
    model_id: UUID = Field(foreign_key="model.id", index=True)
    state: RouteState = Field(default=RouteState.ACTIVE, sa_type=_text_enum(RouteState))
    stop_reason: str | None = Field(default=None, max_length=500)
    created: int = Field(sa_type=sa.BigInteger)


class RouteTarget(SQLModel, table=True):
    """One deployment a route lists, under the version label callers may choose."""

    __tablename__ = "route_target"
    __table_args__ = (sa.UniqueConstraint("route_id", "label"),)
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    route_id: UUID = Field(foreign_key="route.id", index=True)
    deployment_id: UUID = Field(foreign_key="deployment.id")
    label: str = Field(max_length=64)
    weight: int = 0


class ItemState(enum.StrEnum):
    """What came of one grant in a round of review; every state but `open` is final."""

    OPEN = "open"
    KEPT = "kept"
    REMOVED = "removed"
    LAPSED = "lapsed"
    ENDED = "ended"


class Campaign(SQLModel, table=True):
    """A round of access review over the grants in a scope: a team's routes, or all, of one tier or of all.

    `opened_by` is None when the schedule opened it.
    """

    __tablename__ = "campaign"
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    team_id: UUID | None = Field(default=None, foreign_key="team.id", index=True)
    tier: Tier | None = Field(default=None, sa_type=_text_enum(Tier))
    reason: str = Field(max_length=500)
    opened: int = Field(sa_type=sa.BigInteger)
    opened_by: UUID | None = Field(default=None)
    due: int = Field(sa_type=sa.BigInteger)
    closed: int | None = Field(default=None, sa_type=sa.BigInteger, index=True)


class CampaignItem(SQLModel, table=True):
    """One grant under review: what a reviewer is shown and signs, and the answer.

    `content` is canonical JSON of ids, codes and numbers only, and `content_hash` SHA-256 over it.
    """

    __tablename__ = "campaign_item"
    __table_args__ = (sa.UniqueConstraint("campaign_id", "grant_id"),)
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id", index=True)
    grant_id: UUID = Field(index=True)
    content: str = Field(sa_type=sa.Text)
    content_hash: str = Field(max_length=64)
    state: ItemState = Field(default=ItemState.OPEN, sa_type=_text_enum(ItemState))
    decided: int | None = Field(default=None, sa_type=sa.BigInteger)
    reviewer_id: UUID | None = Field(default=None)
    meaning: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=500)


class GrantUse(SQLModel, table=True):
    """How many calls were made under a grant on one day (days since 1970, UTC), and when the last was."""

    __tablename__ = "grant_use"
    grant_id: UUID = Field(primary_key=True)
    day: int = Field(primary_key=True)
    calls: int
    last: int = Field(sa_type=sa.BigInteger)


class GrantUseCursor(SQLModel, table=True):
    """The one row that says up to which entry of the log the uses of grants are counted."""

    __tablename__ = "grant_use_cursor"
    id: int = Field(default=1, primary_key=True)
    index: int = Field(sa_type=sa.BigInteger)


class GrantBasis(SQLModel, table=True):
    """On what a grant was approved, for telling when that has changed (console.campaigns.staleness).

    `card_fields` holds SHA-256 of each field of the card, of which policy names those that count; `stale` is
    what has changed since, separated by commas.
    """

    __tablename__ = "grant_basis"
    grant_id: UUID = Field(primary_key=True)
    card_fields: str = Field(sa_type=sa.Text)
    owner_team_id: UUID
    policy_revision: str = Field(max_length=64)
    monthly_calls: int | None = Field(default=None, sa_type=sa.BigInteger)
    stale: str = Field(default="", max_length=500)
    stale_since: int | None = Field(default=None, sa_type=sa.BigInteger)
