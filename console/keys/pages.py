"""The pages of keys: one's own, those of service accounts, and everybody's."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from pydantic import ValidationError

from console.catalog.forms import Reason
from console.declared import declares
from console.errors import ConflictError, InvalidInputError, RefusedError
from console.keys.creating import create_key, rotate_key
from console.keys.forms import KeyCreated, KeyRotate, KeysRevoke, ServiceAccountCreate
from console.keys.overview import open_inventory, open_own_keys, open_service, open_services
from console.keys.page_forms import KeyForm, RotateForm
from console.keys.revoking import revoke_key, revoke_keys
from console.keys.services import create_service, disable_service
from console.web.forms import Form, read_form
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import submit, typed
from console.work import UnitOfWork
from policy.permissions import Permission

BEYOND = "A key may do no more than you: you do not hold what this one would be for."
NO_ROUTE = "Write names of models, such as risk.credit-default, with spaces between them."
KEYS, SERVICE = "keys/keys.html", "keys/service.html"


@get("/me/keys", opt=declares(Permission.KEY_READ))
async def own_keys(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See my keys."""
    return page(request, KEYS, await open_own_keys(work))


@post("/me/keys", opt=declares(Permission.KEY_CREATE), status_code=200)
async def make_own(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Make a key of my own; the answer shows its text, once."""
    form, made = await _make(work, read_form(KeyForm, await typed(request)))
    if made is None:
        return form_error(request, KEYS, await open_own_keys(work, form), fragment="keys/_key_form.html")
    return _shown_once(page(request, KEYS, await open_own_keys(work, made=made)))


@get("/service-accounts", opt=declares(Permission.SERVICE_ACCOUNT_READ))
async def services(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See the service accounts of my teams."""
    return page(request, "keys/services.html", await open_services(work))


@post("/service-accounts", opt=declares(Permission.SERVICE_ACCOUNT_CREATE), status_code=200)
async def make_service(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork]
) -> Template | Response[Any]:
    """Create a service account of a team of mine."""
    sent = read_form(ServiceAccountCreate, await typed(request))
    form, made = await submit(sent, lambda data: create_service(work, data))
    if made is None:
        context = await open_services(work, form)
        return form_error(request, "keys/services.html", context, fragment="keys/_service_form.html")
    return redirect(request, f"/service-accounts/{made.id}")


@get("/service-accounts/{account_id:uuid}", opt=declares(Permission.SERVICE_ACCOUNT_READ))
async def service(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], account_id: FromPath[UUID]
) -> Template:
    """See a service account and its keys."""
    return page(request, SERVICE, await open_service(work, account_id))


@post("/service-accounts/{account_id:uuid}/keys", opt=declares(Permission.KEY_CREATE), status_code=200)
async def make_for_service(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], account_id: FromPath[UUID]
) -> Template:
    """Make a key of a service account; the answer shows its text, once."""
    form, made = await _make(work, read_form(KeyForm, await typed(request)), account_id)
    if made is None:
        context = await open_service(work, account_id, form)
        return form_error(request, SERVICE, context, fragment="keys/_key_form.html")
    return _shown_once(page(request, SERVICE, await open_service(work, account_id, made=made)))


@post(
    "/service-accounts/{account_id:uuid}/disable",
    opt=declares(Permission.SERVICE_ACCOUNT_DISABLE),
    status_code=200,
)
async def disable(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], account_id: FromPath[UUID]
) -> Response[Any]:
    """Disable a service account with all of its keys."""
    await disable_service(work, account_id, await _reason(request))
    return redirect(request, f"/service-accounts/{account_id}")


@post("/keys/{key_id:uuid}/rotate", opt=declares(Permission.KEY_ROTATE), status_code=200)
async def rotate(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], key_id: FromPath[UUID]
) -> Template:
    """Give a key a new secret; the answer shows its text, once."""
    form = read_form(RotateForm, await typed(request))
    if form.data is None:
        raise InvalidInputError("Give the grace as hours, 0 to 168.", ("invalid_grace",), form.errors)
    made = await rotate_key(work, key_id, KeyRotate(grace_hours=form.data.grace_hours))
    if made.key.owner_kind == "service":
        return _shown_once(page(request, SERVICE, await open_service(work, made.key.owner.id, made=made)))
    return _shown_once(page(request, KEYS, await open_own_keys(work, made=made)))


@post("/keys/{key_id:uuid}/revoke", opt=declares(Permission.KEY_REVOKE), status_code=200)
async def revoke(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    key_id: FromPath[UUID],
    service: FromQuery[UUID | None] = None,
) -> Response[Any]:
    """Revoke a key: whoever sends it is refused at once."""
    await revoke_key(work, key_id, await _reason(request))
    return redirect(request, f"/service-accounts/{service}" if service else "/me/keys")


@get("/people/keys", opt=declares(Permission.KEY_READ))
async def inventory(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    q: FromQuery[str] = "",
    shown: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Look for keys of everybody."""
    context = await open_inventory(work, q, shown, after)
    return page(request, "keys/inventory.html", context, fragment="keys/_inventory.html")


@post("/people/keys/revoke", opt=declares(Permission.KEY_REVOKE), status_code=200)
async def revoke_many(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """Revoke the keys that were chosen."""
    form = await request.form()
    chosen = [value for value in form.getall("key", []) if isinstance(value, str)]
    try:
        asked = KeysRevoke.model_validate({"ids": chosen, "reason": form.get("reason", "")})
    except ValidationError:
        sentence = "Choose at least one key, and say why in 3 to 500 characters."
        raise InvalidInputError(sentence, ("invalid_choice",)) from None
    ended = await revoke_keys(work, asked)
    return page(request, "keys/inventory.html", await open_inventory(work, "", "", "", len(ended)))


async def _make(
    work: UnitOfWork, form: Form[KeyForm], service: UUID | None = None
) -> tuple[Form[KeyForm], KeyCreated | None]:
    if form.data is None:
        return form, None
    try:
        return form, await create_key(work, form.data.asked(service))
    except ValidationError:
        return Form(form.values, {"routes": NO_ROUTE}), None
    except RefusedError as error:
        if not any(reason.startswith("scope_beyond_rights:") for reason in error.reasons):
            raise
        return Form(form.values, {"routes" if form.data.routes else "use": BEYOND}), None
    except (ConflictError, InvalidInputError) as error:
        return Form(form.values, dict(error.fields) or {"": error.detail}), None


async def _reason(request: ConsoleRequest) -> str:
    form = read_form(Reason, await typed(request))
    if form.data is None:
        raise InvalidInputError("Say why, in 3 to 500 characters.", ("invalid_reason",), form.errors)
    return form.data.reason


def _shown_once(answer: Template) -> Template:
    """Let no browser keep the page that shows a key."""
    answer.headers["cache-control"] = "no-store"
    return answer


PAGES = (
    own_keys,
    make_own,
    services,
    make_service,
    service,
    make_for_service,
    disable,
    rotate,
    revoke,
    inventory,
    revoke_many,
)
