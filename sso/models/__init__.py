"""Tables of who people are and how they prove it (main tree); importing this registers every one of them.

Times are integer microseconds UTC unless a docstring says seconds.
"""

from sso.models.directory import (
    ClaimDigest,
    Identity,
    IdentityLink,
    MappingRule,
    Membership,
    Person,
    PersonKind,
    PersonState,
    PlatformRole,
    Profile,
    RoleAssignment,
    RuleMatcher,
    RuleRole,
    Source,
    Team,
    TeamRole,
)
from sso.models.directory_sync import (
    DirectoryCursor,
    DirectoryEvent,
    DirectoryLeaver,
    DirectoryRun,
    RunState,
)
from sso.models.emergency import BreakGlass, SealedCredential
from sso.models.keys import ApiKey, ApiKeyUse, ServiceAccount
from sso.models.scim import (
    GroupsAs,
    ScimCredential,
    ScimExclusion,
    ScimGroup,
    ScimMember,
    ScimTeam,
    ScimUser,
    SubjectFrom,
)
from sso.models.sessions import Session, SignedOut, SignIn, SpentToken
from sso.models.workload import TrustedIssuer

__all__ = [
    "ApiKey",
    "ApiKeyUse",
    "BreakGlass",
    "ClaimDigest",
    "DirectoryCursor",
    "DirectoryEvent",
    "DirectoryLeaver",
    "DirectoryRun",
    "GroupsAs",
    "Identity",
    "IdentityLink",
    "MappingRule",
    "Membership",
    "Person",
    "PersonKind",
    "PersonState",
    "PlatformRole",
    "Profile",
    "RoleAssignment",
    "RuleMatcher",
    "RuleRole",
    "RunState",
    "ScimCredential",
    "ScimExclusion",
    "ScimGroup",
    "ScimMember",
    "ScimTeam",
    "ScimUser",
    "SealedCredential",
    "ServiceAccount",
    "Session",
    "SignIn",
    "SignedOut",
    "Source",
    "SpentToken",
    "SubjectFrom",
    "Team",
    "TeamRole",
    "TrustedIssuer",
]
