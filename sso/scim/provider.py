"""What the SCIM service serves and announces: users with their enterprise extension, and groups."""

from typing import Annotated, ClassVar, Final

import scim2_models
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ComplexAttribute,
    EnterpriseUser,
    ETag,
    External,
    Filter,
    Mutability,
    Patch,
    Reference,
    ResourceType,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_models.resources import group as rfc

MAX_BODY: Final = 1_048_576
"""The largest request body, in bytes."""
MAX_RESULTS: Final = 200
"""The most resources on one page."""
BULK_OPERATIONS: Final = 100
UserResource = User[EnterpriseUser]


class GroupMember(rfc.GroupMember):
    """A member; what it is called is said by the user it names (RFC 7643 section 8.7.1 has no `display`)."""

    display: Annotated[str | None, Mutability.read_only] = None


class Group(scim2_models.Group):
    """A group of people."""

    members: list[GroupMember] | None = None  # type: ignore[assignment] # narrower, as the schema then says

    Members: ClassVar[type[ComplexAttribute]] = GroupMember


def make_provider() -> ScimProvider:
    """Return the description of the service."""
    bearer = AuthenticationScheme(
        type=AuthenticationScheme.Type.oauthbearertoken,
        name="Bearer token",
        description="A SCIM credential, made by an administrator and approved by a second person.",
        spec_uri=Reference[External]("https://www.rfc-editor.org/info/rfc6750"),
        primary=True,
    )
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=BULK_OPERATIONS, max_payload_size=MAX_BODY),
        filter=Filter(supported=True, max_results=MAX_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        authentication_schemes=[bearer],
    )
    types = [ResourceType.from_resource(UserResource), ResourceType.from_resource(Group)]
    return ScimProvider([User, EnterpriseUser, Group], types, config)
