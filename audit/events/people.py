"""The acts about people: who is known, what they may do, and which rules give it to them."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field, Ocsf, OcsfClass
from audit.events.shared import ACT, BY_PRINCIPAL, CREATES, DELETES, NUMBER, READS, TEXTS, UPDATES, account

MAPPING_RULE: Final = Details(
    "mapping_rule",
    (
        Field("issuer"),
        Field("claim"),
        Field("matcher", null=True),
        Field("value"),
        Field("role"),
        Field("team", null=True),
        Field("scope"),
    ),
)

ERASURE: Final = Details(
    "erasure", (Field("requests", NUMBER), Field("rights", NUMBER), Field("sessions", NUMBER))
)
"""How much ended with the person; who it was is the resource, a pseudonym."""

LEAVING: Final = Details(
    "leaving",
    (
        Field("reason"),
        Field("answers", NUMBER),
        Field("delegations", NUMBER),
        Field("grants", NUMBER),
        Field("keys", NUMBER),
        Field("requests", NUMBER),
        Field("sessions", NUMBER),
        Field("ownerless_teams", TEXTS),
    ),
)
"""Why somebody's access ended (a code), how much ended with it, and which teams have no owner left."""

PEOPLE: Final = (
    EventType(
        action=Action.ADMIN_BOOTSTRAP,
        sentence="{resource} became the first admin",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=account("Assign Role"),
        parts=(Details("identity", (Field("issuer"), Field("subject", personal=True))), *ACT),
    ),
    EventType(
        action=Action.MAPPING_RULE_CREATE,
        sentence="{actor} added {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "creation"),
        ocsf=CREATES,
        parts=(MAPPING_RULE, *ACT),
    ),
    EventType(
        action=Action.MAPPING_RULE_DELETE,
        sentence="{actor} deleted {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "deletion"),
        ocsf=DELETES,
        parts=ACT,
    ),
    EventType(
        action=Action.MAPPING_RULE_READ,
        sentence="{actor} looked at the mapping rules",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.MAPPING_RULE_UPDATE,
        sentence="{actor} changed {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=UPDATES,
        parts=(MAPPING_RULE, *ACT),
    ),
    EventType(
        action=Action.MEMBERSHIP_CREATE,
        sentence="{actor} put {resource} into a team",
        retention="admin",
        category=("iam",),
        type=("group", "creation"),
        ocsf=account("Add to Team"),
        parts=ACT,
    ),
    EventType(
        action=Action.MEMBERSHIP_REMOVE,
        sentence="{actor} took {resource} out of a team",
        retention="admin",
        category=("iam",),
        type=("group", "deletion"),
        ocsf=account("Remove from Team"),
        parts=ACT,
    ),
    EventType(
        action=Action.PERSON_CREATE,
        sentence="{resource} was added",
        retention="admin",
        category=("iam",),
        type=("user", "creation"),
        ocsf=Ocsf(OcsfClass.ACCOUNT_CHANGE, 1, "Create"),
        parts=(
            Details(
                "person",
                (
                    Field("handle", personal=True, ecs="user.target.name"),
                    Field("name", personal=True, ecs="user.target.full_name"),
                ),
            ),
            *ACT,
        ),
    ),
    EventType(
        action=Action.PERSON_DISABLE,
        sentence="{actor} disabled {resource}, whose access has ended",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=Ocsf(OcsfClass.ACCOUNT_CHANGE, 5, "Disable"),
        parts=(LEAVING, *ACT),
    ),
    EventType(
        action=Action.PERSON_ENABLE,
        sentence="{actor} let {resource} sign in again",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=Ocsf(OcsfClass.ACCOUNT_CHANGE, 2, "Enable"),
        parts=(Details("enabling", (Field("reason"),)), *ACT),
    ),
    EventType(
        action=Action.PERSON_READ,
        sentence="{actor} looked at people",
        retention="admin",
        category=("iam",),
        type=("user", "info"),
        ocsf=READS,
        parts=(Details("seen", (Field("people", TEXTS),)), *BY_PRINCIPAL),
    ),
    EventType(
        action=Action.PERSON_SYNC,
        sentence="The rights of {resource} were brought in line with the directory",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=account("Sync with Directory"),
        parts=ACT,
    ),
    EventType(
        action=Action.ROLE_ASSIGN,
        sentence="{actor} gave {resource} a role",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=account("Assign Role"),
        parts=ACT,
    ),
    EventType(
        action=Action.ROLE_REMOVE,
        sentence="{actor} took a role from {resource}",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=account("Remove Role"),
        parts=ACT,
    ),
    EventType(
        action=Action.SELF_READ,
        sentence="{actor} looked at their own rights",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SINGLE_PERSON_CONFIRM,
        sentence="{actor} confirmed what an admin did alone",
        retention="admin",
        category=("iam",),
        type=("admin", "change"),
        ocsf=UPDATES,
        parts=(Details("confirmed", (Field("event"), Field("action"))), *ACT),
    ),
    EventType(
        action=Action.SUBJECT_ERASE,
        sentence="The personal data of {resource} were erased",
        retention="admin",
        category=("iam",),
        type=("user", "deletion"),
        ocsf=account("Erase Personal Data"),
        parts=(ERASURE, *ACT),
    ),
    EventType(
        action=Action.TEAM_CREATE,
        sentence="{actor} created {resource}",
        retention="admin",
        category=("iam",),
        type=("group", "creation"),
        ocsf=CREATES,
        parts=(Details("team", (Field("name", ecs="group.name"),)), *ACT),
    ),
    EventType(
        action=Action.TEAM_READ,
        sentence="{actor} looked at the members of {resource}",
        retention="admin",
        category=("iam",),
        type=("group", "info"),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
)
