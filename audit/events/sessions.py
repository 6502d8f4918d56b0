"""The acts of coming in and going out."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import BY_PRINCIPAL, LOGS_OFF, LOGS_ON, NUMBER, READS, REASON

SESSIONS: Final = (
    EventType(
        action=Action.SESSION_CREATE,
        sentence="{actor} signed in",
        retention="auth",
        category=("authentication", "session"),
        type=("start",),
        ocsf=LOGS_ON,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SESSION_END,
        sentence="{actor} signed out",
        retention="auth",
        category=("authentication", "session"),
        type=("end",),
        ocsf=LOGS_OFF,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SESSION_READ,
        sentence="{actor} looked at the sessions",
        retention="auth",
        category=("session",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SESSION_REFUSE,
        sentence="A sign-in was refused",
        retention="auth",
        category=("authentication",),
        type=("start",),
        ocsf=LOGS_ON,
        parts=(Details("sign_in", (Field("issuer"),)), *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.SESSION_REVOKE,
        sentence="{actor} ended sessions of {resource}",
        retention="auth",
        category=("authentication", "session"),
        type=("end",),
        ocsf=LOGS_OFF,
        parts=(Details("sessions", (Field("ended", NUMBER),)), REASON, *BY_PRINCIPAL),
    ),
)
