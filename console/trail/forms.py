"""What the trail gives: entries as people and programs read them, and counts of a follower."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel


class ActorRead(BaseModel):
    """Who acted; the name is null when nobody is known by the id any more."""

    id: UUID
    name: str | None


class ResourceRead(BaseModel):
    """What was acted on; only routes have a name."""

    type: str
    id: UUID | None
    name: str | None


class EventRead(BaseModel):
    """One entry of the log. `time` is RFC 3339; `decision` finds the evaluation it rests on."""

    id: UUID
    index: int
    time: str
    action: str
    outcome: str
    reasons: list[str]
    actor: ActorRead | None
    resource: ResourceRead | None
    request: UUID | None
    grant: UUID | None
    decision: UUID | None
    sentence: str


class PartRead(BaseModel):
    """One part of an entry: `state` is open, erased (its subject's key is gone) or unreadable."""

    name: str
    subject: UUID | None
    state: str
    commitment: str
    content: dict[str, Any] | None


class RemovalRead(BaseModel):
    """That the details were removed under their retention: when, and by which entry of the log."""

    time: str
    entry: int


class EventDetail(EventRead):
    """One entry whole. `parts` is null once `removed`; `leaf` and `body` are hex.

    `signed_size` is the size of the first checkpoint that holds the entry, null before there is one.
    """

    flags: list[str]
    evaluation: UUID | None
    policy: str | None
    state: str | None
    body: str | None
    producer: str
    number: int
    retention: str
    leaf: str
    signed_size: int | None
    parts: list[PartRead] | None
    removed: RemovalRead | None


class LogKey(BaseModel):
    """The key that verifies the log's checkpoints, and the log's name.

    `policy` names all its keys by the sizes they sign, and its witnesses (https://c2sp.org/tlog-policy).
    """

    vkey: str
    origin: str
    policy: str


class DeepRead(BaseModel):
    """What a follower's documents are against the signed log, each looked at; lists name the first hundred.

    `size` entries were compared; `root` says whether the root built from the follower's copies alone is the
    signed one. `changed` are indexes, `missing` ranges with both ends included, `added` the follower's names.
    """

    sink: str
    size: int
    total_sink: int
    apart: int
    root: bool
    changed_count: int
    changed: list[int]
    missing_count: int
    missing: list[tuple[int, int]]
    added_count: int
    added: list[str]
    exact: bool


class ReconciliationRead(BaseModel):
    """What a follower holds against the signed log; `missing` are ranges, both ends included."""

    sink: str
    total_log: int
    total_sink: int
    missing: list[tuple[int, int]]
    extra: int
    exact: bool
