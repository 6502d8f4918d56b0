"""What leaves no entry, as docs/reference/events.md publishes it; all else that a principal does is recorded.

Every refusal is recorded, also of what is named here, and calls of routes that are open to everybody are not
acts of anybody.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policy.permissions import Permission

READS: Final[Mapping[Permission, str]] = MappingProxyType(
    {
        Permission.BREAK_GLASS_READ: "who holds a sealed credential, and when one was used",
        Permission.CAMPAIGN_READ: "the rounds of access review of one's teams' routes, and what has no owner",
        Permission.CHANGE_READ: "a change that takes two people, the holds, how long details are kept",
        Permission.CLUSTER_READ: "the clusters and what they serve",
        Permission.DIRECTORY_READ: "how the sync stands; a page of it that names people is recorded",
        Permission.GRANT_READ: "the grants on the routes of one's teams",
        Permission.HEALTH_READ: "whether the services answer",
        Permission.KEY_READ: "keys: one's own, those of one's teams' services, and all of them for admins",
        Permission.MAPPING_RULE_READ: "which claims give which roles",
        Permission.MODEL_READ: "the catalog",
        Permission.MODEL_DESCRIBE: "whether a model is ready, and what it takes",
        Permission.POLICY_READ: "the policies",
        Permission.SCIM_CREDENTIAL_READ: "which directories may write here, and until when",
        Permission.SCIM_READ: "what a directory has written here itself",
        Permission.SELF_READ: "one's own rights",
        Permission.TRUSTED_ISSUER_READ: "whose workload tokens are believed, and as whom",
        Permission.SERVICE_ACCOUNT_READ: "the service accounts of one's teams",
        Permission.SESSION_READ: "one's own sessions",
        Permission.SINK_READ: "who follows the log, and how far each has come",
    }
)
"""Reads that are allowed and not recorded: the catalog, and lists that show what the reader's scope holds."""

ADDRESSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/api/v1/access-requests": "which requests one may read; reading another's is `access_request.read`",
        "/admin/clusters/{name:str}/move": "a form that holds the cluster's address",
        "/admin/directories/ask": "an empty form",
        "/api/v1/changes": "which changes of what is kept were asked for; reading one is `change.read`",
        "/api/v1/holds": "what is under legal hold",
        "/api/v1/retention": "how long details are kept",
        "/api/v1/audit/key": "the log's public key",
        "/api/v1/single-acts": "what was done alone in the first days",
        "/api/v1/teams": "the teams one may see, without their members",
        "/log/checkpoint": "a signed number and hash",
        "/log/timestamp": "somebody else's word for when a checkpoint was signed",
        "/log/timestamp/checkpoint": "the checkpoint it is about",
        "/log/tile/{address:path}": "hashes; a bundle of entries under it is recorded as `log.read`",
        "/models/{name:str}/change": "a form that holds what the catalog shows",
        "/models/{name:str}/default": "a form that names a model's versions",
        "/models/{name:str}/request": "an empty form",
        "/models/publish": "a form that names what the clusters serve and nobody has published",
        "/models/{name:str}/versions": "a form that names what its clusters serve beside its versions",
        "/requests": "one's own requests",
        "/reviews": "which requests wait for one's answer; reading one is `access_request.read`",
        "/records": "the three lists of what is kept",
        "/records/ask/{what:str}": "an empty form",
        "/records/hold": "an empty form",
    }
)
"""Addresses whose permission is otherwise recorded, and what they show."""
