"""The acts about the installation: its settings, health and policies."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import ACT, ACTIVATES, BY_PRINCIPAL, CREATES, DOCUMENT, NUMBER, READS, running

SETTINGS: Final = Details(
    "settings",
    (Field("role"), Field("version"), Field("policy_revision"), Field("settings", DOCUMENT)),
)

REVISION: Final = Details("policy", (Field("revision"), Field("previous")))
DRAFT: Final = Details(
    "draft", (Field("revision"), Field("base"), Field("problems", NUMBER), Field("failed", NUMBER))
)
REPLAYED: Final = Details(
    "replay",
    (Field("revision"), Field("since"), Field("decisions", NUMBER), Field("flips", NUMBER), Field("digest")),
)
SIGNED: Final = Details("signed", (Field("revision"), Field("key_id"), Field("signature")))

INSTALLATION: Final = (
    EventType(
        action=Action.HEALTH_READ,
        sentence="{actor} looked at the health page",
        retention="admin",
        category=("host",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.POLICY_ACTIVATE,
        sentence="Another revision of the policies decides",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=ACTIVATES,
        parts=(REVISION, *ACT),
    ),
    EventType(
        action=Action.POLICY_DRAFT,
        sentence="{actor} worked on a draft of the policies",
        retention="admin",
        category=("configuration",),
        type=("creation",),
        ocsf=CREATES,
        parts=(DRAFT, *ACT),
    ),
    EventType(
        action=Action.POLICY_READ,
        sentence="{actor} read the policies",
        retention="admin",
        category=("configuration",),
        type=("access",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.POLICY_REPLAY,
        sentence="{actor} replayed decisions of the log under a draft of the policies",
        retention="audit",
        category=("configuration",),
        type=("access",),
        ocsf=READS,
        parts=(REPLAYED, *ACT),
    ),
    EventType(
        action=Action.POLICY_SIGN,
        sentence="The worker signed the active revision of the policies",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=running("Sign Policy"),
        parts=(SIGNED, *ACT),
    ),
    EventType(
        action=Action.SETTINGS_LOAD,
        sentence="The settings were loaded",
        retention="admin",
        category=("configuration",),
        type=("change",),
        ocsf=running("Load Settings"),
        parts=(SETTINGS, *ACT),
    ),
)
