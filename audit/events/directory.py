"""The acts of a directory: what happens there, taken into the log once, and what a sync changes here."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field, Severity
from audit.events.shared import ACT, BY_PRINCIPAL, FLAG, LOGS_ON, NUMBER, READS, UPDATES, account, running

HAPPENED: Final = Details(
    "happened",
    (
        Field("id", ecs="event.id"),
        Field("time", NUMBER),
        Field("issuer"),
        Field("type", null=True),
        Field("operation", null=True),
        Field("resource", null=True),
        Field("client", null=True),
        Field("error", null=True),
        Field("count", NUMBER),
    ),
)
"""The directory's own event, by its own id; time in milliseconds. One that stands for several has a count."""

CONCERNED: Final = Details(
    "concerned",
    (
        Field("path", null=True, personal=True),
        Field("address", null=True, personal=True, ecs="source.ip"),
        Field("session", null=True, personal=True),
    ),
)

SYNC: Final = Details(
    "sync",
    (
        Field("run"),
        Field("issuer"),
        Field("state"),
        Field("dry", FLAG),
        Field("people", NUMBER),
        Field("groups", NUMBER),
        Field("memberships", NUMBER),
        Field("added", NUMBER),
        Field("changed", NUMBER),
        Field("ended", NUMBER),
        Field("returned", NUMBER),
        Field("taking", NUMBER),
        Field("overtaken", NUMBER),
    ),
)

DIRECTORY: Final = (
    EventType(
        action=Action.DIRECTORY_CHANGE,
        sentence="The directory was changed at the identity provider",
        retention="auth",
        category=("iam",),
        type=("change",),
        ocsf=account("Change in Directory"),
        parts=(HAPPENED, CONCERNED, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.DIRECTORY_CONFIRM,
        sentence="{actor} confirmed a sync that takes much away",
        retention="admin",
        category=("iam", "configuration"),
        type=("admin", "change"),
        ocsf=UPDATES,
        severity=Severity.MEDIUM,
        parts=(SYNC, *ACT),
    ),
    EventType(
        action=Action.DIRECTORY_READ,
        sentence="{actor} looked at the sync with the directory",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.DIRECTORY_SIGN_IN,
        sentence="{resource} signed in or out at the identity provider",
        retention="auth",
        category=("authentication",),
        type=("info",),
        ocsf=LOGS_ON,
        parts=(HAPPENED, CONCERNED, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.DIRECTORY_SYNC,
        sentence="People and rights were compared with the directory",
        retention="admin",
        category=("iam", "configuration"),
        type=("change",),
        ocsf=running("Sync"),
        parts=(SYNC, *ACT),
    ),
)
