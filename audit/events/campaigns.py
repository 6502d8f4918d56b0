"""The acts of access review: a round is opened, its items are answered or lapse, and it is closed."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import ACT, BY_PRINCIPAL, CREATES, DELETES, NUMBER, READS, REASON, UPDATES

SCOPE: Final = Details(
    "campaign", (Field("team", null=True), Field("tier", null=True), Field("items", NUMBER))
)
ANSWER: Final = Details(
    "answer",
    (
        Field("answer"),
        Field("content_hash"),
        Field("meaning", personal=True),
        Field("reason", personal=True),
    ),
)
LAPSED: Final = Details("lapsed", (Field("campaign"), Field("state")))
CAME_OF_THEM: Final = ("kept", "removed", "lapsed", "ended")
CLOSED: Final = Details("closed", tuple(Field(name, NUMBER) for name in CAME_OF_THEM))

CAMPAIGNS: Final = (
    EventType(
        action=Action.CAMPAIGN_CLOSE,
        sentence="{resource} was closed",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=(CLOSED, *ACT),
    ),
    EventType(
        action=Action.CAMPAIGN_CREATE,
        sentence="{actor} opened {resource}",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(SCOPE, REASON, *ACT),
    ),
    EventType(
        action=Action.CAMPAIGN_LAPSE,
        sentence="Nobody answered for {resource}, so it ended",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=DELETES,
        parts=(LAPSED, *ACT),
    ),
    EventType(
        action=Action.CAMPAIGN_READ,
        sentence="{actor} looked at {resource}",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.CAMPAIGN_REVIEW,
        sentence="{actor} answered for {resource}",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=(ANSWER, *ACT),
    ),
)
