"""The acts about issuers whose workload tokens are believed."""

from typing import Final

from audit.events.action import Action
from audit.events.declared import Details, EventType, Field
from audit.events.shared import ACT, BY_PRINCIPAL, CREATES, DELETES, READS, REASON

TRUSTED: Final = Details(
    "trusted_issuer",
    (Field("name"), Field("issuer"), Field("audience"), Field("pins"), Field("service_id")),
)

WORKLOADS: Final = (
    EventType(
        action=Action.TRUSTED_ISSUER_CREATE,
        sentence="{resource}, an issuer of workload tokens, is trusted",
        retention="admin",
        category=("iam",),
        type=("creation",),
        ocsf=CREATES,
        parts=(TRUSTED, *ACT),
    ),
    EventType(
        action=Action.TRUSTED_ISSUER_READ,
        sentence="{actor} looked at the trusted issuers of workload tokens",
        retention="admin",
        category=("iam",),
        type=("info",),
        ocsf=READS,
        parts=BY_PRINCIPAL,
    ),
    EventType(
        action=Action.TRUSTED_ISSUER_REVOKE,
        sentence="{actor} ended the trust in {resource}, an issuer of workload tokens",
        retention="admin",
        category=("iam",),
        type=("deletion",),
        ocsf=DELETES,
        parts=(REASON, *ACT),
    ),
)
