"""The acts on keys of programs and on the service accounts that some of them belong to; never a secret."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field, Ocsf, OcsfClass, Severity
from audit.events.shared import (
    ACT,
    BY_PRINCIPAL,
    CREATES,
    DELETES,
    DISABLES,
    READS,
    REASON,
    TEXTS,
    UPDATES,
    finding,
)

KEY: Final = Details(
    "key", (Field("lookup"), Field("scopes", TEXTS), Field("routes", TEXTS), Field("ends"), Field("old_end"))
)
"""`lookup` is the id that the key's text shows before its secret; by it a key found somewhere is known."""
LABEL: Final = Details("label", (Field("name", personal=True),))
"""What its owner calls it: free text, under the owner's own key."""

KEYS: Final = (
    EventType(
        action=Action.KEY_CREATE,
        sentence="{actor} made {resource}",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(KEY, LABEL, *ACT),
    ),
    EventType(
        action=Action.KEY_LEAK,
        sentence="{resource} was reported as leaked, and revoked",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=finding(),
        severity=Severity.HIGH,
        parts=(Details("key", (Field("lookup"),)), *ACT),
    ),
    EventType(
        action=Action.KEY_READ,
        sentence="{actor} looked at keys",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.KEY_REVOKE,
        sentence="{actor} revoked {resource}",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=DELETES,
        parts=(Details("key", (Field("lookup"),)), REASON, *ACT),
    ),
    EventType(
        action=Action.KEY_ROTATE,
        sentence="{actor} gave {resource} a new secret",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=(KEY, *ACT),
    ),
    EventType(
        action=Action.SERVICE_ACCOUNT_CREATE,
        sentence="{actor} created {resource}",
        retention="admin",
        category=("iam",),
        type=("user", "creation"),
        ocsf=Ocsf(OcsfClass.ACCOUNT_CHANGE, 1, "Create"),
        parts=(
            Details(
                "service_account",
                (Field("team"), Field("handle", personal=True), Field("purpose", personal=True)),
            ),
            *ACT,
        ),
    ),
    EventType(
        action=Action.SERVICE_ACCOUNT_DISABLE,
        sentence="{actor} disabled {resource}",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=DISABLES,
        parts=(REASON, *ACT),
    ),
    EventType(
        action=Action.SERVICE_ACCOUNT_READ,
        sentence="{actor} looked at service accounts",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
)
