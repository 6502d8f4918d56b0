"""What the catalog takes and gives: input models refuse unknown members, output models choose theirs."""

import hashlib
import json
import unicodedata
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from console.catalog.evidence import EvidenceKind
from console.catalog.names import is_upstream_name, is_upstream_version, is_version_label
from console.models import DataClass, Tier, Visibility

CARD_LIMIT = 64 * 1024
CARD_DEPTH = 20
NAME = r"^[a-z0-9][a-z0-9-]{0,31}$"


def card_text(card: dict[str, Any]) -> str:
    """Return a model card as the one text it is kept as."""
    return json.dumps(card, sort_keys=True, separators=(",", ":"), allow_nan=False)


def card_hash(card: str) -> str:
    """Return SHA-256 (hex) of a card's one text."""
    return hashlib.sha256(card.encode()).hexdigest()


def read_card(text: str) -> dict[str, Any]:
    """Return the card of which `card_text` made this text."""
    found: dict[str, Any] = json.loads(text)
    return found


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\r\t"


def _upstream_name(text: str) -> str:
    if not is_upstream_name(text):
        raise ValueError("This is no name a cluster's model may have.")
    return text


def _upstream_version(text: str) -> str:
    if not is_upstream_version(text):
        raise ValueError("This is no name a cluster's version may have.")
    return text


def _label(text: str) -> str:
    if not is_version_label(text):
        raise ValueError("Use 1 to 64 letters, digits, dots, hyphens, underscores and plus signs.")
    return text


def checked_card(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card that is neither too large nor too deep.

    Raises:
        ValueError: it is.
    """
    if _depth(card) > CARD_DEPTH or len(card_text(card)) > CARD_LIMIT:
        raise ValueError(f"A card is at most {CARD_LIMIT // 1024} KiB and {CARD_DEPTH} levels deep.")
    return card


def _depth(found: object) -> int:
    level, inside = 0, [found]
    while inside and level <= CARD_DEPTH:
        level += 1
        inside = [part for item in inside for part in _parts(item)]
    return level


def _parts(found: object) -> list[object]:
    if isinstance(found, dict):
        return list(found.values())
    return found if isinstance(found, list) else []


Name = Annotated[str, Field(pattern=NAME)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Why = Annotated[str, Field(min_length=3, max_length=500)]
"""Why somebody does something, in their words."""
Title = Annotated[str, Field(min_length=1, max_length=120)]
Task = Annotated[str, Field(min_length=1, max_length=60)]
ModelCard = Annotated[dict[str, Any], AfterValidator(checked_card)]
Label = Annotated[str, AfterValidator(_label)]


class Form(BaseModel):
    """Input from outside."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _readable(cls, value: object) -> object:
        # PostgreSQL takes no NUL, no page shows a control character, and half a surrogate is no text.
        for text in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(text, str) and any(map(_is_control, text)):
                raise ValueError("Use text without control characters.")
        return value


class ClusterCreate(Form):
    """A cluster that already runs."""

    name: Name
    url: Annotated[str, Field(max_length=500)]
    reason: Annotated[str, Field(max_length=500)] = ""


class ClusterMove(Form):
    """Another address of a cluster, and why."""

    url: Annotated[str, Field(max_length=500)]
    reason: Why


class ModelUpdate(Form):
    """What a model is from now on; what is left out stays. A card that is sent is the whole card."""

    tier: Tier | None = None
    data_class: DataClass | None = None
    visibility: Visibility | None = None
    team: Name | None = None
    card: ModelCard | None = None
    reason: Why


class ServedAs(Form):
    """Which deployment serves a version: the cluster's words for it, and the label callers use.

    `evidence` is a SHA-256 in hex. CI declares it; for an artifact the console computes it from what lies at
    `artifact`, below the cluster's folder, and a digest that is given has to be the same.
    """

    cluster: Name
    upstream_name: Annotated[str, AfterValidator(_upstream_name)]
    upstream_version: Annotated[str, AfterValidator(_upstream_version)] = ""
    label: Label
    weight: Annotated[int, Field(ge=0, le=100)] = 0
    evidence_kind: EvidenceKind = EvidenceKind.SERVED
    evidence: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    artifact: Annotated[str, Field(max_length=255)] = ""
    card: ModelCard = {}


class PromoteAsk(Form):
    """A version that a cluster serves, to be called by a route; `default`: by every call that names none."""

    cluster: Name
    upstream_name: Annotated[str, AfterValidator(_upstream_name)]
    upstream_version: Annotated[str, AfterValidator(_upstream_version)] = ""
    label: Label
    default: bool = False
    evidence_kind: EvidenceKind = EvidenceKind.SERVED
    evidence: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    artifact: Annotated[str, Field(max_length=255)] = ""
    card: ModelCard = {}
    reason: Why


class DefaultAsk(Form):
    """A version that the model has already, by its label: it is to answer every call that names none."""

    label: Label
    reason: Why


class ModelPublish(Form):
    """A model with its card, the versions it offers and the route they are called by."""

    team: Name
    namespace: Annotated[str, Field(max_length=32)]
    name: Annotated[str, Field(max_length=64)]
    title: Title
    summary: Text
    task: Task
    purpose: Text
    visibility: Visibility
    tier: Tier
    data_class: DataClass
    card: ModelCard
    versions: Annotated[tuple[ServedAs, ...], Field(min_length=1, max_length=20)]
    reason: Annotated[str, Field(max_length=500)] = ""


class Reason(Form):
    """Why somebody does what they do; it is recorded."""

    reason: Why


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
    served: str = ""
    differs: list[str] = []
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    card: dict[str, Any]


class RouteDetail(RouteRead):
    """A route with its model card and versions."""

    purpose: str
    card: dict[str, Any]
    stop_reason: str | None
    versions: list[VersionRead]
