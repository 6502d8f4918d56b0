"""The JSON API of the directories' credentials."""

from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.declared import declares
from console.scim import kind as _registered  # noqa: F401 - its kind of change is known from here on
from console.scim.credentials import ask_credential, list_credentials, revoke_credential
from console.scim.forms import (
    ScimCredentialAsk,
    ScimCredentialAsked,
    ScimCredentialRead,
    ScimCredentialRevoke,
)
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/scim-credentials", opt=declares(Permission.SCIM_CREDENTIAL_READ))
async def get_credentials(work: NamedDependency[UnitOfWork]) -> Listing[ScimCredentialRead]:
    """List the credentials of directories, newest first."""
    return Listing(items=list(await list_credentials(work)))


@post("/scim-credentials", opt=declares(Permission.CHANGE_CREATE))
async def post_credential(
    work: NamedDependency[UnitOfWork], data: JSONBody[ScimCredentialAsk]
) -> ScimCredentialAsked:
    """Ask for a credential; its token is shown this once and opens nothing until somebody else approves."""
    return await ask_credential(work, data)


@delete("/scim-credentials/{credential_id:uuid}", opt=declares(Permission.SCIM_CREDENTIAL_REVOKE))
async def delete_credential(
    work: NamedDependency[UnitOfWork], credential_id: FromPath[UUID], data: JSONBody[ScimCredentialRevoke]
) -> None:
    """Revoke a credential, at once."""
    await revoke_credential(work, credential_id, data.reason)


API = (get_credentials, post_credential, delete_credential)
