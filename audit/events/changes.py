"""The acts that take two people: what is kept, for how long, and who asked for it."""

from typing import Final

from audit.events.access import REVIEW
from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import (
    ACT,
    BY_PRINCIPAL,
    CREATES,
    DELETES,
    DOCUMENT,
    NUMBER,
    READS,
    REASON,
    UPDATES,
)

ASKED: Final = Details("asked", (Field("kind"), Field("content", DOCUMENT), Field("content_hash")))
"""What was asked, without the words of who asked; the hash is over both."""
EXECUTED: Final = Details("executed", (Field("kind"), Field("content_hash")))
HOLD: Final = Details("hold", (Field("conditions", DOCUMENT),))
RETENTION: Final = Details(
    "retention", (Field("name"), Field("days", NUMBER), Field("days_before", NUMBER, null=True))
)

CHANGES: Final = (
    EventType(
        action=Action.CHANGE_CREATE,
        sentence="{actor} asked for a change of {resource}",
        retention="admin",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
        parts=(ASKED, REASON, *ACT),
    ),
    EventType(
        action=Action.CHANGE_EXECUTE,
        sentence="An approved change of {resource} was carried out",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=(EXECUTED, *ACT),
    ),
    EventType(
        action=Action.CHANGE_READ,
        sentence="{actor} read a change of {resource}",
        retention="admin",
        category=("configuration",),
        type=("access",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.CHANGE_REVIEW,
        sentence="{actor} answered a change of {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=(REVIEW, *ACT),
    ),
    EventType(
        action=Action.CHANGE_WITHDRAW,
        sentence="{actor} withdrew a change of {resource}",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=ACT,
    ),
    EventType(
        action=Action.HOLD_CREATE,
        sentence="{actor} put {resource} under legal hold",
        retention="admin",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
        parts=(HOLD, REASON, *ACT),
    ),
    EventType(
        action=Action.HOLD_RELEASE,
        sentence="A legal hold on {resource} was released",
        retention="admin",
        category=("configuration",),
        type=("deletion",),
        ocsf=DELETES,
        parts=ACT,
    ),
    EventType(
        action=Action.RETENTION_UPDATE,
        sentence="The retention of {resource} was changed",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=UPDATES,
        parts=(RETENTION, *ACT),
    ),
    EventType(
        action=Action.REVIEW_VOID,
        sentence="An answer to {resource} was voided, because who gave it has left",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=DELETES,
        parts=(Details("voided", (Field("reason"),)), *ACT),
    ),
)
