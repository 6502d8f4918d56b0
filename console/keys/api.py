"""The JSON API of keys and service accounts."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.catalog.forms import Reason
from console.declared import declares, public
from console.keys.creating import create_key, rotate_key
from console.keys.forms import (
    KeyCreate,
    KeyCreated,
    KeyRead,
    KeyRotate,
    KeysRevoke,
    KeysRevoked,
    LeakReport,
    LeaksReceived,
    ServiceAccountCreate,
    ServiceAccountRead,
)
from console.keys.leaks import report_leaks
from console.keys.listing import KeyFilter, KeyState, list_inventory, list_own_keys, list_service_keys
from console.keys.revoking import revoke_key, revoke_keys
from console.keys.services import create_service, disable_service, list_services
from console.questions import origin_of
from console.services import Services
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import PersonKind

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
State = Annotated[KeyState | None, QueryParameter(name="state")]
Kind = Annotated[PersonKind | None, QueryParameter(name="kind")]


@get("/keys", opt=declares(Permission.KEY_READ))
async def get_keys(work: NamedDependency[UnitOfWork]) -> Listing[KeyRead]:
    """List my keys."""
    return Listing(items=list(await list_own_keys(work)))


@post("/keys", opt=declares(Permission.KEY_CREATE))
async def post_key(work: NamedDependency[UnitOfWork], data: JSONBody[KeyCreate]) -> KeyCreated:
    """Make a key for myself, or for a service account of a team of mine; its text is in this answer only."""
    return await create_key(work, data)


@post("/keys/{key_id:uuid}/rotate", opt=declares(Permission.KEY_ROTATE))
async def post_rotation(
    work: NamedDependency[UnitOfWork], key_id: FromPath[UUID], data: JSONBody[KeyRotate]
) -> KeyCreated:
    """Give a key a new secret; for some hours the one of before counts too."""
    return await rotate_key(work, key_id, data)


@delete("/keys/{key_id:uuid}", opt=declares(Permission.KEY_REVOKE))
async def delete_key(
    work: NamedDependency[UnitOfWork], key_id: FromPath[UUID], data: JSONBody[Reason]
) -> None:
    """Revoke a key: whoever sends it is refused at once."""
    await revoke_key(work, key_id, data.reason)


@get("/key-inventory", opt=declares(Permission.KEY_READ))
async def get_inventory(  # noqa: PLR0917 - each is a query parameter
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    in_state: State = None,
    of_kind: Kind = None,
    after: FromQuery[str] = "",
    limit: Limit = 50,
) -> Listing[KeyRead]:
    """Look for keys of everybody, newest first."""
    return Listing.of(await list_inventory(work, KeyFilter(q, in_state, of_kind), cursor(after, 1), limit))


@post("/key-inventory/revoke", opt=declares(Permission.KEY_REVOKE), status_code=200)
async def post_revocations(work: NamedDependency[UnitOfWork], data: JSONBody[KeysRevoke]) -> KeysRevoked:
    """Revoke many keys at once."""
    return KeysRevoked(revoked=list(await revoke_keys(work, data)))


@get("/service-accounts", opt=declares(Permission.SERVICE_ACCOUNT_READ))
async def get_services(
    work: NamedDependency[UnitOfWork], team: FromQuery[str] = ""
) -> Listing[ServiceAccountRead]:
    """List the service accounts of my teams, or of one of them."""
    return Listing(items=list(await list_services(work, team)))


@post("/service-accounts", opt=declares(Permission.SERVICE_ACCOUNT_CREATE))
async def post_service(
    work: NamedDependency[UnitOfWork], data: JSONBody[ServiceAccountCreate]
) -> ServiceAccountRead:
    """Create a service account of a team of mine."""
    return await create_service(work, data)


@get("/service-accounts/{account_id:uuid}/keys", opt=declares(Permission.KEY_READ))
async def get_service_keys(work: NamedDependency[UnitOfWork], account_id: FromPath[UUID]) -> Listing[KeyRead]:
    """List the keys of a service account."""
    return Listing(items=list(await list_service_keys(work, account_id)))


@post(
    "/service-accounts/{account_id:uuid}/disable",
    opt=declares(Permission.SERVICE_ACCOUNT_DISABLE),
    status_code=204,
)
async def post_disable(
    work: NamedDependency[UnitOfWork], account_id: FromPath[UUID], data: JSONBody[Reason]
) -> None:
    """Disable a service account: its keys and grants end with it."""
    await disable_service(work, account_id, data.reason)


@post(
    "/api/v1/key-leaks",
    opt=public("whoever finds a key may end it; the answer tells nothing, and reports are limited"),
    status_code=202,
)
async def post_leaks(
    request: Request[Any, Any, Any], services: NamedDependency[Services], data: JSONBody[LeakReport]
) -> LeaksReceived:
    """Report keys and SCIM tokens found where they should not be; each whole one is revoked."""
    return await report_leaks(services, data, origin_of(request, "api"))


API = (
    get_keys,
    post_key,
    post_rotation,
    delete_key,
    get_inventory,
    post_revocations,
    get_services,
    post_service,
    get_service_keys,
    post_disable,
)
OPEN = (post_leaks,)
