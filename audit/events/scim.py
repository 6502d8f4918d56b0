"""The acts of a directory that tells who is here by SCIM, and those about its credentials."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field, Ocsf, OcsfClass, Severity
from audit.events.shared import (
    ACT,
    BY_PRINCIPAL,
    CREATES,
    DELETES,
    FLAG,
    NUMBER,
    READS,
    REASON,
    UPDATES,
    account,
    finding,
)

USER: Final = Details(
    "scim_user",
    (
        Field("user_name", personal=True, ecs="user.target.name"),
        Field("external_id", null=True, personal=True),
        Field("active", FLAG, personal=True),
    ),
)
GROUP: Final = Details(
    "scim_group",
    (Field("name", ecs="group.name"), Field("external_id", null=True), Field("members_changed", NUMBER)),
)
CREDENTIAL: Final = Details(
    "scim_credential",
    (
        Field("name"),
        Field("issuer"),
        Field("subject_from"),
        Field("groups_as"),
        Field("token_id"),
        Field("expires"),
    ),
)

SCIM: Final = (
    EventType(
        action=Action.SCIM_READ,
        sentence="{actor} read the directory's users and groups",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SCIM_WRITE,
        sentence="{actor} wrote to the directory's users and groups",
        retention="admin",
        category=("iam",),
        type=("change",),
        ocsf=UPDATES,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SCIM_CREDENTIAL_CREATE,
        sentence="{resource}, a SCIM credential, came into force",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(CREDENTIAL, *ACT),
    ),
    EventType(
        action=Action.SCIM_CREDENTIAL_LEAK,
        sentence="{resource}, a SCIM credential, was reported as leaked, and revoked",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=finding(),
        severity=Severity.HIGH,
        parts=(Details("scim_credential", (Field("token_id"),)), *ACT),
    ),
    EventType(
        action=Action.SCIM_CREDENTIAL_READ,
        sentence="{actor} looked at the SCIM credentials",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.SCIM_CREDENTIAL_REVOKE,
        sentence="{actor} revoked {resource}, a SCIM credential",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=DELETES,
        parts=(REASON, *ACT),
    ),
    EventType(
        action=Action.SCIM_GROUP_CREATE,
        sentence="{actor} brought {resource}",
        retention="admin",
        category=("iam",),
        type=("group", "creation"),
        ocsf=CREATES,
        parts=(GROUP, *ACT),
    ),
    EventType(
        action=Action.SCIM_GROUP_REMOVE,
        sentence="{actor} took {resource} away",
        retention="admin",
        category=("iam",),
        type=("group", "deletion"),
        ocsf=DELETES,
        parts=(GROUP, *ACT),
    ),
    EventType(
        action=Action.SCIM_GROUP_UPDATE,
        sentence="{actor} changed {resource}",
        retention="admin",
        category=("iam",),
        type=("group", "change"),
        ocsf=UPDATES,
        parts=(GROUP, *ACT),
    ),
    EventType(
        action=Action.SCIM_USER_CREATE,
        sentence="{actor} told us of {resource}",
        retention="admin",
        category=("iam",),
        type=("user", "creation"),
        ocsf=Ocsf(OcsfClass.ACCOUNT_CHANGE, 1, "Create"),
        parts=(USER, *ACT),
    ),
    EventType(
        action=Action.SCIM_USER_REMOVE,
        sentence="{actor} took {resource} out of the directory",
        retention="admin",
        category=("iam",),
        type=("user", "deletion"),
        ocsf=Ocsf(OcsfClass.ACCOUNT_CHANGE, 6, "Delete"),
        parts=(USER, *ACT),
    ),
    EventType(
        action=Action.SCIM_USER_UPDATE,
        sentence="{actor} changed what the directory says of {resource}",
        retention="admin",
        category=("iam",),
        type=("user", "change"),
        ocsf=account("Update"),
        parts=(USER, *ACT),
    ),
)
