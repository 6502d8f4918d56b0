"""The acts about deputies and about accounts that are one human: whose answer counts as whose."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import EventType
from audit.events.shared import ACT, CREATES, DELETES, REASON, UPDATES

DEPUTIES: Final = (
    EventType(
        action=Action.DELEGATION_ACCEPT,
        sentence="{actor} accepted to be a deputy: {resource}",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=ACT,
    ),
    EventType(
        action=Action.DELEGATION_CREATE,
        sentence="{actor} named a deputy, or is away: {resource}",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(REASON, *ACT),
    ),
    EventType(
        action=Action.DELEGATION_END,
        sentence="{resource} ended: nobody answers by it any more",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=DELETES,
        parts=ACT,
    ),
    EventType(
        action=Action.IDENTITY_LINK_CREATE,
        sentence="Two accounts count as one person: {resource}",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=UPDATES,
        parts=ACT,
    ),
    EventType(
        action=Action.IDENTITY_LINK_DELETE,
        sentence="Two accounts count as two people again: {resource}",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=UPDATES,
        parts=ACT,
    ),
)
