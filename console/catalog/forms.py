"""What the catalog takes and gives: input models refuse unknown members, output models choose theirs."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from console.models import DataClass, Tier, Visibility

Name = Annotated[str, Field(min_length=1, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=500)]


class Form(BaseModel):
    """Input from outside."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ClusterCreate(Form):
    """A cluster that already runs."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    url: Annotated[str, Field(max_length=500)]


class ServedAs(Form):
    """Which deployment serves a version: the cluster's words for it, and the label callers use."""

    cluster: Name
    upstream_name: Annotated[str, Field(max_length=100)]
    upstream_version: Annotated[str, Field(max_length=64)] = ""
    label: Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]{1,64}$")]
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    evidence_kind: Annotated[str, Field(pattern=r"^(served|artifact|declared)$")] = "declared"
    evidence: Annotated[str, Field(max_length=128)] = ""
    card: dict[str, Any] = {}


class ModelPublish(Form):
    """A model with its card, the versions it offers and the route they are called by."""

    team: Name
    namespace: Annotated[str, Field(max_length=32)]
    name: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    summary: Text
    task: Annotated[str, Field(min_length=1, max_length=60)]
    purpose: Text
    visibility: Visibility
    tier: Tier
    data_class: DataClass
    card: dict[str, Any]
    versions: Annotated[tuple[ServedAs, ...], Field(min_length=1, max_length=20)]


class Reason(Form):
    """Why somebody does what they do; it is recorded."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


class ClusterRead(BaseModel):
    """A cluster as admins see it."""

    id: UUID
    name: str
    kind: str
    url: str
    state: str
    seen: str | None


class DeploymentRead(BaseModel):
    """What a cluster serves; `draft` until a version is bound to it by publishing."""

    cluster: str
    upstream_name: str
    upstream_version: str
    state: str
    draft: bool


class RouteRead(BaseModel):
    """A route in the marketplace; `access` is the caller's own: none, pending or granted."""

    name: str
    title: str
    summary: str
    task: str
    team: str
    visibility: Visibility
    tier: Tier
    data_class: DataClass
    state: str
    access: str


class VersionRead(BaseModel):
    """A version a route lists."""

    label: str
    weight: int
    state: str
    evidence_kind: str
    evidence: str
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    card: dict[str, Any]


class RouteDetail(RouteRead):
    """A route with its model card and versions."""

    purpose: str
    card: dict[str, Any]
    stop_reason: str | None
    versions: list[VersionRead]
