"""The acts of break glass: the sealed credentials, their use, and whether anybody has looked at it."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import ACT, BY_PRINCIPAL, CREATES, READS, UPDATES, account, finding

BREAK_GLASS: Final = (
    EventType(
        action=Action.BREAK_GLASS_CLOSE,
        sentence="{actor} closed {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=UPDATES,
        parts=ACT,
    ),
    EventType(
        action=Action.BREAK_GLASS_EXTEND,
        sentence="Both holders let {resource} go on for an hour",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=UPDATES,
        parts=ACT,
    ),
    EventType(
        action=Action.BREAK_GLASS_OPEN,
        sentence="Break glass was opened: {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "info"),
        ocsf=finding(),
        parts=(
            Details("opening", (Field("holder", personal=True), Field("ticket", personal=True))),
            *ACT,
        ),
    ),
    EventType(
        action=Action.BREAK_GLASS_READ,
        sentence="{actor} looked at the uses of break glass",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.BREAK_GLASS_REFUSE,
        sentence="A use of break glass was refused",
        retention="admin",
        category=("iam",),
        type=("admin", "info"),
        ocsf=finding(),
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.BREAK_GLASS_REPAIR,
        sentence="{resource} was made admin under break glass",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=account("Assign Role"),
        parts=(
            Details("identity", (Field("issuer"), Field("subject", personal=True))),
            *ACT,
        ),
    ),
    EventType(
        action=Action.BREAK_GLASS_REVIEW,
        sentence="{actor} reviewed {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=UPDATES,
        parts=(
            Details("findings", (Field("findings", personal=True),)),
            *ACT,
        ),
    ),
    EventType(
        action=Action.BREAK_GLASS_SEAL,
        sentence="A credential for break glass was sealed for {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "creation"),
        ocsf=CREATES,
        parts=ACT,
    ),
    EventType(
        action=Action.BREAK_GLASS_UNREVIEWED,
        sentence="Nobody has reviewed {resource} yet",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=finding(),
        parts=BY_PRINCIPAL,
    ),
)
