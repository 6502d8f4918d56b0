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
    ACCESS_REQUEST_READ = "access_request.read"
    ACCESS_REQUEST_REVIEW = "access_request.review"
    ACCESS_REQUEST_WITHDRAW = "access_request.withdraw"
    ADMIN_BOOTSTRAP = "admin.bootstrap"
    AUDIT_EXPORT = "audit.export"
    AUDIT_READ = "audit.read"
    CENSUS_RECORD = "census.record"
    CHANGE_CREATE = "change.create"
    CHANGE_EXECUTE = "change.execute"
    CHANGE_READ = "change.read"
    CHANGE_REVIEW = "change.review"
    CHANGE_WITHDRAW = "change.withdraw"
    CLOCK_SKEW = "clock.skew"
    CLUSTER_CREATE = "cluster.create"
    CLUSTER_READ = "cluster.read"
    CLUSTER_SYNC = "cluster.sync"
    CLUSTER_UPDATE = "cluster.update"
    DENIAL_SUMMARY = "denial.summary"
    GRANT_CREATE = "grant.create"
    GRANT_READ = "grant.read"
    GRANT_REVOKE = "grant.revoke"
    HEALTH_READ = "health.read"
    HOLD_CREATE = "hold.create"
    HOLD_RELEASE = "hold.release"
    LOG_FREEZE = "log.freeze"
    LOG_GENESIS = "log.genesis"
    LOG_PRUNE = "log.prune"
    LOG_READ = "log.read"
    LOG_ROTATE = "log.rotate"
    MAPPING_RULE_CREATE = "mapping_rule.create"
    MAPPING_RULE_DELETE = "mapping_rule.delete"
    MAPPING_RULE_READ = "mapping_rule.read"
    MEMBERSHIP_CREATE = "membership.create"
    MEMBERSHIP_REMOVE = "membership.remove"
    MODEL_DESCRIBE = "model.describe"
    MODEL_INVOKE = "model.invoke"
    MODEL_INVOKE_OPEN = "model.invoke.open"
    MODEL_PUBLISH = "model.publish"
    MODEL_READ = "model.read"
    MODEL_UPDATE = "model.update"
    PERSON_CREATE = "person.create"
    POLICY_READ = "policy.read"
    PRODUCER_CLOSE = "producer.close"
    PRODUCER_LOST = "producer.lost"
    PRODUCER_OPEN = "producer.open"
    RETENTION_UPDATE = "retention.update"
    ROLE_ASSIGN = "role.assign"
    ROLE_REMOVE = "role.remove"
    ROUTE_CREATE = "route.create"
    ROUTE_START = "route.start"
    ROUTE_STOP = "route.stop"
    SELF_READ = "self.read"
    SESSION_CREATE = "session.create"
    SESSION_END = "session.end"
    SESSION_READ = "session.read"
    SESSION_REFUSE = "session.refuse"
    SETTINGS_LOAD = "settings.load"
    SINK_QUARANTINE = "sink.quarantine"
    SINK_READ = "sink.read"
    SINK_RECONCILE = "sink.reconcile"
    SINK_TAMPER = "sink.tamper"
    SINK_TEST = "sink.test"
    SINK_UPDATE = "sink.update"
    STATE_UNEXPLAINED = "state.unexplained"
    SUBJECT_ERASE = "subject.erase"
    TEAM_CREATE = "team.create"
    WITNESS_REFUSE = "witness.refuse"


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
    EventType(Action.ACCESS_REQUEST_READ, "{actor} read {resource}", "admin", ("iam",), ("access",)),
    EventType(Action.ACCESS_REQUEST_REVIEW, "{actor} answered {resource}", "admin", ("iam",), ("change",)),
    EventType(Action.ACCESS_REQUEST_WITHDRAW, "{actor} withdrew {resource}", "admin", ("iam",), ("change",)),
    EventType(
        Action.ADMIN_BOOTSTRAP, "{resource} became the first admin", "admin", ("iam",), ("admin", "change")
    ),
    EventType(Action.AUDIT_EXPORT, "{actor} exported the log", "audit", ("database",), ("access",)),
    EventType(Action.AUDIT_READ, "{actor} read the log", "audit", ("database",), ("access",)),
    EventType(Action.CENSUS_RECORD, "The calls of a minute were counted", "audit", ("process",), ("info",)),
    EventType(
        Action.CHANGE_CREATE,
        "{actor} asked for a change of {resource}",
        "admin",
        ("configuration",),
        ("creation",),
    ),
    EventType(
        Action.CHANGE_EXECUTE,
        "An approved change of {resource} was carried out",
        "admin",
        ("configuration",),
        ("change",),
    ),
    EventType(
        Action.CHANGE_READ, "{actor} read a change of {resource}", "admin", ("configuration",), ("access",)
    ),
    EventType(
        Action.CHANGE_REVIEW,
        "{actor} answered a change of {resource}",
        "admin",
        ("configuration",),
        ("change",),
    ),
    EventType(
        Action.CHANGE_WITHDRAW,
        "{actor} withdrew a change of {resource}",
        "admin",
        ("configuration",),
        ("change",),
    ),
    EventType(Action.CLOCK_SKEW, "A clock was found to be off", "audit", ("host",), ("info",)),
    EventType(Action.CLUSTER_CREATE, "{actor} added {resource}", "admin", ("configuration",), ("creation",)),
    EventType(
        Action.CLUSTER_READ, "{actor} looked at the clusters", "admin", ("configuration",), ("access",)
    ),
    EventType(
        Action.CLUSTER_SYNC, "{actor} synchronised {resource}", "admin", ("configuration",), ("change",)
    ),
    EventType(Action.CLUSTER_UPDATE, "{actor} changed {resource}", "admin", ("configuration",), ("change",)),
    EventType(
        Action.DENIAL_SUMMARY, "Further refusals of the same kind were counted", "auth", ("iam",), ("info",)
    ),
    EventType(Action.GRANT_CREATE, "{actor} granted {resource}", "admin", ("iam",), ("creation",)),
    EventType(Action.GRANT_READ, "{actor} looked at the grants", "admin", ("iam",), ("access",)),
    EventType(Action.GRANT_REVOKE, "{actor} revoked {resource}", "admin", ("iam",), ("deletion",)),
    EventType(Action.HEALTH_READ, "{actor} looked at the health page", "admin", ("host",), ("info",)),
    EventType(
        Action.HOLD_CREATE,
        "{actor} put {resource} under legal hold",
        "admin",
        ("configuration",),
        ("creation",),
    ),
    EventType(
        Action.HOLD_RELEASE,
        "A legal hold on {resource} was released",
        "admin",
        ("configuration",),
        ("deletion",),
    ),
    EventType(Action.LOG_FREEZE, "The log ended; another one goes on", "audit", ("configuration",), ("end",)),
    EventType(Action.LOG_GENESIS, "The log began", "audit", ("configuration",), ("creation",)),
    EventType(
        Action.LOG_PRUNE,
        "Details past their retention were removed",
        "audit",
        ("configuration",),
        ("deletion",),
    ),
    EventType(Action.LOG_READ, "{actor} read the log itself", "audit", ("database",), ("access",)),
    EventType(Action.LOG_ROTATE, "The log changed its key", "audit", ("configuration",), ("change",)),
    EventType(
        Action.MAPPING_RULE_CREATE, "{actor} added {resource}", "admin", ("iam",), ("admin", "creation")
    ),
    EventType(
        Action.MAPPING_RULE_DELETE, "{actor} deleted {resource}", "admin", ("iam",), ("admin", "deletion")
    ),
    EventType(
        Action.MAPPING_RULE_READ, "{actor} looked at the mapping rules", "admin", ("iam",), ("access",)
    ),
    EventType(
        Action.MEMBERSHIP_CREATE,
        "{actor} put {resource} into a team",
        "admin",
        ("iam",),
        ("group", "creation"),
    ),
    EventType(
        Action.MEMBERSHIP_REMOVE,
        "{actor} took {resource} out of a team",
        "admin",
        ("iam",),
        ("group", "deletion"),
    ),
    EventType(Action.MODEL_DESCRIBE, "{actor} asked about {resource}", "invoke", ("api",), ("access",)),
    EventType(Action.MODEL_INVOKE, "{actor} called {resource}", "invoke", ("api",), ("access",)),
    EventType(
        Action.MODEL_INVOKE_OPEN, "{actor} is still calling {resource}", "invoke", ("api",), ("start",)
    ),
    EventType(
        Action.MODEL_PUBLISH, "{actor} published {resource}", "admin", ("configuration",), ("creation",)
    ),
    EventType(Action.MODEL_READ, "{actor} looked at {resource}", "invoke", ("api",), ("access",)),
    EventType(Action.MODEL_UPDATE, "{actor} changed {resource}", "admin", ("configuration",), ("change",)),
    EventType(Action.PERSON_CREATE, "{resource} was added", "admin", ("iam",), ("user", "creation")),
    EventType(Action.POLICY_READ, "{actor} read the policies", "admin", ("configuration",), ("access",)),
    EventType(Action.PRODUCER_CLOSE, "A writer of records ended", "audit", ("process",), ("end",)),
    EventType(Action.PRODUCER_LOST, "A writer of records was lost", "audit", ("process",), ("end",)),
    EventType(Action.PRODUCER_OPEN, "A writer of records started", "audit", ("process",), ("start",)),
    EventType(
        Action.RETENTION_UPDATE,
        "The retention of {resource} was changed",
        "admin",
        ("configuration",),
        ("change",),
    ),
    EventType(Action.ROLE_ASSIGN, "{actor} gave {resource} a role", "admin", ("iam",), ("admin", "change")),
    EventType(
        Action.ROLE_REMOVE, "{actor} took a role from {resource}", "admin", ("iam",), ("admin", "change")
    ),
    EventType(Action.ROUTE_CREATE, "{actor} opened {resource}", "admin", ("configuration",), ("creation",)),
    EventType(Action.ROUTE_START, "{actor} started {resource}", "admin", ("configuration",), ("change",)),
    EventType(Action.ROUTE_STOP, "{actor} stopped {resource}", "admin", ("configuration",), ("change",)),
    EventType(Action.SELF_READ, "{actor} looked at their own rights", "admin", ("iam",), ("access",)),
    EventType(Action.SESSION_CREATE, "{actor} signed in", "auth", ("authentication", "session"), ("start",)),
    EventType(Action.SESSION_END, "{actor} signed out", "auth", ("authentication", "session"), ("end",)),
    EventType(Action.SESSION_READ, "{actor} looked at the sessions", "auth", ("session",), ("access",)),
    EventType(Action.SESSION_REFUSE, "A sign-in was refused", "auth", ("authentication",), ("start",)),
    EventType(Action.SETTINGS_LOAD, "The settings were loaded", "admin", ("configuration",), ("change",)),
    EventType(
        Action.SINK_QUARANTINE, "{resource} set an entry aside", "audit", ("configuration",), ("info",)
    ),
    EventType(Action.SINK_READ, "{actor} looked at the sinks", "admin", ("configuration",), ("access",)),
    EventType(
        Action.SINK_RECONCILE, "{resource} was compared with the log", "audit", ("database",), ("info",)
    ),
    EventType(
        Action.SINK_TAMPER,
        "{resource} holds something else than the log",
        "audit",
        ("database",),
        ("change",),
    ),
    EventType(Action.SINK_TEST, "{actor} sent a test to {resource}", "admin", ("configuration",), ("info",)),
    EventType(Action.SINK_UPDATE, "{actor} changed {resource}", "admin", ("configuration",), ("change",)),
    EventType(
        Action.STATE_UNEXPLAINED,
        "{resource} is not what the log says it is",
        "audit",
        ("database",),
        ("change",),
    ),
    EventType(
        Action.SUBJECT_ERASE,
        "The personal data of {resource} were erased",
        "admin",
        ("iam",),
        (
            "user",
            "deletion",
        ),
    ),
    EventType(Action.TEAM_CREATE, "{actor} created {resource}", "admin", ("iam",), ("group", "creation")),
    EventType(
        Action.WITNESS_REFUSE,
        "A witness refused the log's checkpoint",
        "audit",
        ("configuration",),
        ("info",),
    ),
)

EVENT_TYPES: Final[Mapping[Action, EventType]] = MappingProxyType({kind.action: kind for kind in _TYPES})
