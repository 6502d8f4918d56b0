"""Every action the log knows, and what belongs to each: the sentence people read, retention, ECS names.

ECS categories and types are the allowed values of https://www.elastic.co/docs/reference/ecs (event.category,
event.type). Retention classes: ``admin`` (changes of rights and settings), ``auth``, ``invoke``, ``audit``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

Retention = Literal["admin", "auth", "invoke", "audit"]


class Action(StrEnum):
    """What was done, as ``resource.verb``; alphabetical."""

    ACCESS_REQUEST_CREATE = "access_request.create"
    ACCESS_REQUEST_REVIEW = "access_request.review"
    ACCESS_REQUEST_WITHDRAW = "access_request.withdraw"
    ADMIN_BOOTSTRAP = "admin.bootstrap"
    AUDIT_EXPORT = "audit.export"
    AUDIT_READ = "audit.read"
    CLUSTER_CREATE = "cluster.create"
    CLUSTER_SYNC = "cluster.sync"
    GRANT_CREATE = "grant.create"
    GRANT_REVOKE = "grant.revoke"
    LOG_GENESIS = "log.genesis"
    MAPPING_RULE_CREATE = "mapping_rule.create"
    MAPPING_RULE_DELETE = "mapping_rule.delete"
    MEMBERSHIP_CREATE = "membership.create"
    MEMBERSHIP_REMOVE = "membership.remove"
    MODEL_DESCRIBE = "model.describe"
    MODEL_INVOKE = "model.invoke"
    MODEL_INVOKE_OPEN = "model.invoke.open"
    MODEL_PUBLISH = "model.publish"
    MODEL_UPDATE = "model.update"
    PERSON_CREATE = "person.create"
    PRODUCER_LOST = "producer.lost"
    PRODUCER_OPEN = "producer.open"
    ROLE_ASSIGN = "role.assign"
    ROLE_REMOVE = "role.remove"
    ROUTE_CREATE = "route.create"
    ROUTE_START = "route.start"
    ROUTE_STOP = "route.stop"
    SESSION_CREATE = "session.create"
    SESSION_END = "session.end"
    SESSION_REFUSE = "session.refuse"
    SETTINGS_LOAD = "settings.load"
    SINK_QUARANTINE = "sink.quarantine"


@dataclass(frozen=True, slots=True)
class EventType:
    """What is true of every event of one action. ``sentence`` may name ``{actor}`` and ``{resource}``."""

    action: Action
    sentence: str
    retention: Retention
    category: tuple[str, ...]
    type: tuple[str, ...]


_TYPES: Final = (
    EventType(
        Action.ACCESS_REQUEST_CREATE, "{actor} asked to use {resource}", "admin", ("iam",), ("creation",)
    ),
    EventType(Action.ACCESS_REQUEST_REVIEW, "{actor} answered {resource}", "admin", ("iam",), ("change",)),
    EventType(Action.ACCESS_REQUEST_WITHDRAW, "{actor} withdrew {resource}", "admin", ("iam",), ("change",)),
    EventType(
        Action.ADMIN_BOOTSTRAP, "{resource} became the first admin", "admin", ("iam",), ("admin", "change")
    ),
    EventType(Action.AUDIT_EXPORT, "{actor} exported the log", "audit", ("database",), ("access",)),
    EventType(Action.AUDIT_READ, "{actor} read the log", "audit", ("database",), ("access",)),
    EventType(Action.CLUSTER_CREATE, "{actor} added {resource}", "admin", ("configuration",), ("creation",)),
    EventType(
        Action.CLUSTER_SYNC, "{actor} synchronised {resource}", "admin", ("configuration",), ("change",)
    ),
    EventType(Action.GRANT_CREATE, "{actor} granted {resource}", "admin", ("iam",), ("creation",)),
    EventType(Action.GRANT_REVOKE, "{actor} revoked {resource}", "admin", ("iam",), ("deletion",)),
    EventType(Action.LOG_GENESIS, "The log began", "audit", ("configuration",), ("creation",)),
    EventType(
        Action.MAPPING_RULE_CREATE, "{actor} added {resource}", "admin", ("iam",), ("admin", "creation")
    ),
    EventType(
        Action.MAPPING_RULE_DELETE, "{actor} deleted {resource}", "admin", ("iam",), ("admin", "deletion")
    ),
    EventType(Action.MEMBERSHIP_CREATE, "{actor} added {resource}", "admin", ("iam",), ("group", "creation")),
    EventType(
        Action.MEMBERSHIP_REMOVE, "{actor} removed {resource}", "admin", ("iam",), ("group", "deletion")
    ),
    EventType(Action.MODEL_DESCRIBE, "{actor} asked about {resource}", "invoke", ("api",), ("access",)),
    EventType(Action.MODEL_INVOKE, "{actor} called {resource}", "invoke", ("api",), ("access",)),
    EventType(
        Action.MODEL_INVOKE_OPEN, "{actor} is still calling {resource}", "invoke", ("api",), ("start",)
    ),
    EventType(
        Action.MODEL_PUBLISH, "{actor} published {resource}", "admin", ("configuration",), ("creation",)
    ),
    EventType(Action.MODEL_UPDATE, "{actor} changed {resource}", "admin", ("configuration",), ("change",)),
    EventType(Action.PERSON_CREATE, "{resource} was added", "admin", ("iam",), ("user", "creation")),
    EventType(Action.PRODUCER_LOST, "A writer of records was lost", "audit", ("process",), ("end",)),
    EventType(Action.PRODUCER_OPEN, "A writer of records started", "audit", ("process",), ("start",)),
    EventType(Action.ROLE_ASSIGN, "{actor} assigned {resource}", "admin", ("iam",), ("admin", "change")),
    EventType(Action.ROLE_REMOVE, "{actor} removed {resource}", "admin", ("iam",), ("admin", "change")),
    EventType(Action.ROUTE_CREATE, "{actor} opened {resource}", "admin", ("configuration",), ("creation",)),
    EventType(Action.ROUTE_START, "{actor} started {resource}", "admin", ("configuration",), ("change",)),
    EventType(Action.ROUTE_STOP, "{actor} stopped {resource}", "admin", ("configuration",), ("change",)),
    EventType(Action.SESSION_CREATE, "{actor} signed in", "auth", ("authentication", "session"), ("start",)),
    EventType(Action.SESSION_END, "{actor} signed out", "auth", ("authentication", "session"), ("end",)),
    EventType(Action.SESSION_REFUSE, "A sign-in was refused", "auth", ("authentication",), ("start",)),
    EventType(Action.SETTINGS_LOAD, "The settings were loaded", "admin", ("configuration",), ("change",)),
    EventType(
        Action.SINK_QUARANTINE, "{resource} set an entry aside", "audit", ("configuration",), ("info",)
    ),
)

EVENT_TYPES: Final[Mapping[Action, EventType]] = MappingProxyType({kind.action: kind for kind in _TYPES})
