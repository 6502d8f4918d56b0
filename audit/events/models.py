"""The acts about models: clusters, routes, and every call."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import (
    ACT,
    ACTIVATES,
    BY_PRINCIPAL,
    CREATES,
    DESCRIBES,
    DISABLES,
    INVOKES,
    LIST,
    NUMBER,
    READS,
    REASON,
    TEXTS,
    UPDATES,
    finding,
)

CALL: Final = Details(
    "call",
    (
        Field("route", ecs="gen_ai.request.model"),
        Field("operation"),
        Field("version"),
        Field("cluster"),
        Field("upstream_name"),
        Field("upstream_version"),
        Field("bytes", NUMBER, ecs="http.request.body.bytes"),
        Field("sha256"),
    ),
)
"""A refused call has a route and an operation only: its body was never read."""

ANSWER: Final = Details(
    "answer",
    (
        Field("status", NUMBER, ecs="http.response.status_code"),
        Field("bytes", NUMBER, ecs="http.response.body.bytes"),
        Field("sha256"),
    ),
)
MODEL: Final = Details(
    "model",
    (
        Field("route", ecs="gen_ai.request.model"),
        Field("team"),
        Field("title"),
        Field("visibility"),
        Field("tier"),
        Field("data_class"),
        Field("card"),
        Field("versions", LIST),
    ),
)
DIFFERENCE: Final = Details(
    "difference",
    (
        Field("route", ecs="gen_ai.request.model"),
        Field("version"),
        Field("cluster"),
        Field("fields", TEXTS),
        Field("approved"),
        Field("found", null=True),
    ),
)
"""Which members differ; the digests of what was approved and of what is reported, or of the artifact."""
ROUTE: Final = Details("route", (Field("name", ecs="gen_ai.request.model"),))

CLUSTERS: Final = (
    EventType(
        action=Action.CLUSTER_CREATE,
        sentence="{actor} added {resource}",
        retention="admin",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
        parts=(Details("cluster", (Field("name"), Field("url", ecs="url.original"))), *ACT),
    ),
    EventType(
        action=Action.CLUSTER_READ,
        sentence="{actor} looked at the clusters",
        retention="admin",
        category=("configuration",),
        type=("access",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.CLUSTER_SYNC,
        sentence="{actor} synchronised {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=(
            Details(
                "cluster",
                (
                    Field("name"),
                    Field("served", NUMBER),
                    Field("drafts", NUMBER),
                ),
            ),
            *ACT,
        ),
    ),
    EventType(
        action=Action.CLUSTER_UPDATE,
        sentence="{actor} changed {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=(Details("cluster", (Field("name"), Field("url", ecs="url.original"))), *ACT),
    ),
)

MODELS: Final = (
    EventType(
        action=Action.MODEL_DESCRIBE,
        sentence="{actor} asked about {resource}",
        retention="invoke",
        category=("api",),
        type=("access",),
        ocsf=DESCRIBES,
        parts=(CALL, ANSWER, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.MODEL_INVOKE,
        sentence="{actor} called {resource}",
        retention="invoke",
        category=("api",),
        type=("access",),
        ocsf=INVOKES,
        parts=(CALL, ANSWER, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.MODEL_INVOKE_OPEN,
        sentence="{actor} is still calling {resource}",
        retention="invoke",
        category=("api",),
        type=("start",),
        ocsf=INVOKES,
    ),
    EventType(
        action=Action.MODEL_PUBLISH,
        sentence="{actor} published {resource}",
        retention="admin",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
        parts=(MODEL, *ACT),
    ),
    EventType(
        action=Action.MODEL_READ,
        sentence="{actor} looked at {resource}",
        retention="invoke",
        category=("api",),
        type=("access",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.MODEL_UPDATE,
        sentence="{actor} changed {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=(MODEL, REASON, *ACT),
    ),
    EventType(
        action=Action.ROUTE_CREATE,
        sentence="{actor} opened {resource}",
        retention="admin",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
        parts=ACT,
    ),
    EventType(
        action=Action.ROUTE_START,
        sentence="{actor} started {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=ACTIVATES,
        parts=(ROUTE, REASON, *ACT),
    ),
    EventType(
        action=Action.ROUTE_STOP,
        sentence="{actor} stopped {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=DISABLES,
        parts=(ROUTE, REASON, *ACT),
    ),
    EventType(
        action=Action.VERSION_CONFIRM,
        sentence="{resource} is again what was approved; its calls are taken",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=ACTIVATES,
        parts=(DIFFERENCE, *ACT),
    ),
    EventType(
        action=Action.VERSION_DIFFER,
        sentence="{resource} is no longer what was approved; its calls are refused",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=finding(),
        parts=(DIFFERENCE, *ACT),
    ),
)
