"""The acts about access: it is asked for, answered, granted and revoked."""

from typing import Final

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
    TEXTS,
    UPDATES,
    finding,
)

ACCESS_REQUEST: Final = Details(
    "access_request",
    (
        Field("kind"),
        Field("route", DOCUMENT),
        Field("title"),
        Field("team"),
        Field("service", DOCUMENT),
        Field("person", DOCUMENT),
        Field("permission"),
        Field("visibility"),
        Field("tier"),
        Field("data_class"),
        Field("duration_days", NUMBER),
        Field("card_hash", null=True),
        Field("monthly_calls", NUMBER),
        Field("renews"),
        Field("content_hash"),
    ),
)

REVIEW: Final = Details(
    "review",
    (
        Field("decision"),
        Field("meaning", personal=True),
        Field("reason", personal=True),
        Field("content_hash"),
        Field("groups", TEXTS),
        Field("stands_for"),
    ),
)

GRANT: Final = (
    Field("route"),
    Field("team"),
    Field("service"),
    Field("person"),
    Field("starts"),
    Field("ends"),
)

ASKED: Final = Details(
    "asked",
    (
        Field("person", null=True),
        Field("route", null=True),
        Field("action"),
        Field("at"),
        Field("known"),
        Field("revision", null=True),
        Field("supposed", null=True),
    ),
)
REVOCATION: Final = Details("revocation", (Field("reason", personal=True),))
ACCESS_REVIEW: Final = Details("access_review", (Field("campaign"),))
"""The round of access review that a grant ended by."""

STALE: Final = Details("stale", (Field("changed", TEXTS), Field("repeat", TEXTS)))
"""What changed since an approval, and the ids of the answers that are to be given anew."""

ACCESS: Final = (
    EventType(
        action=Action.ACCESS_REQUEST_AUTOMATIC,
        sentence="{resource} was approved by policy, without an answer, as the company agreed",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=(Details("automatic", (Field("why", TEXTS), Field("policy"))), *ACT),
    ),
    EventType(
        action=Action.ACCESS_EXPLAIN,
        sentence="{actor} looked at who could do what",
        retention="audit",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=(ASKED, *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.ACCESS_REQUEST_CREATE,
        sentence="{actor} asked to use {resource}",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(ACCESS_REQUEST, Details("purpose", (Field("purpose", personal=True),)), *ACT),
    ),
    EventType(
        action=Action.ACCESS_REQUEST_READ,
        sentence="{actor} read {resource}",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.ACCESS_REQUEST_REVIEW,
        sentence="{actor} answered {resource}",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=(REVIEW, *ACT),
    ),
    EventType(
        action=Action.ACCESS_REQUEST_WITHDRAW,
        sentence="{actor} withdrew {resource}",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=ACT,
    ),
    EventType(
        action=Action.APPROVAL_CONFIRM,
        sentence="What {resource} was approved on was answered anew",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=(Details("confirmed", (Field("changed", TEXTS),)), *ACT),
    ),
    EventType(
        action=Action.APPROVAL_STALE,
        sentence="What {resource} was approved on has changed",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=finding(),
        parts=(STALE, *ACT),
    ),
    EventType(
        action=Action.GRANT_CREATE,
        sentence="{actor} granted {resource}",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(Details("grant", GRANT), *ACT),
    ),
    EventType(
        action=Action.GRANT_READ,
        sentence="{actor} looked at the grants",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.GRANT_REVOKE,
        sentence="{actor} revoked {resource}",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=DELETES,
        parts=(REVOCATION, ACCESS_REVIEW, *ACT),
    ),
)
