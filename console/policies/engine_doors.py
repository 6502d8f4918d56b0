"""Where OPA servers fetch the signed bundle, and report: behind a token of their own, asked of no engine.

A decision by OPA could not let OPA fetch the bundle that it is to decide by; so the token is compared here.
"""

import hmac
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from console.declared import public
from console.errors import NotSignedInError, ServiceUnavailableError
from console.policies.bundles import read_kept
from console.policies.reports import PACKED_BYTES, keep_decisions, keep_status, read_report
from console.services import Services
from policy.errors import BundleError
from policy.models import PolicyBundle
from policy.tarball import pack_bundle

DOOR: Final = public("OPA servers come with policy.engine_token, which is compared before anything is read")
UNSIGNED: Final = "The active revision is not signed yet; the one you have stays."
STRANGER: Final = "This is for OPA servers that carry the token this installation gave them."
AnyRequest = Request[Any, Any, Any]


def require_engine(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let only who holds the engines' token go on; without a token set, nobody.

    Raises:
        NotSignedInError: the token is another one, or none.
    """
    services: Services = connection.app.state.services
    wanted = services.settings.policy.engine_token
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    known = wanted is not None and hmac.compare_digest(given.encode(), wanted.get_secret_value().encode())
    if not known or scheme.lower() != "bearer":
        raise NotSignedInError(STRANGER, ("unknown_engine",))


@get("/api/v1/opa/bundles/guildhall.tar.gz", opt=DOOR, guards=[require_engine], include_in_schema=False)
async def get_bundle(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Give the active revision with its signature; 304 to who has it."""
    async with services.database.read() as session:
        active = await services.policies.active(session)
        row = await session.get(PolicyBundle, active.revision)
    if row is None or row.signature is None:
        raise ServiceUnavailableError(UNSIGNED, ("policy_unsigned",))
    tag = {"etag": f'"{row.revision}.{row.key_id}"'}
    if request.headers.get("if-none-match") == tag["etag"]:
        return Response(b"", status_code=304, headers=tag)
    try:
        packed = pack_bundle(read_kept(row), row.signature)
    except BundleError as error:
        raise ServiceUnavailableError(str(error), ("policy_altered",)) from error
    return Response(packed, media_type="application/gzip", headers=tag)


@post(
    "/api/v1/opa/status",
    opt=DOOR,
    guards=[require_engine],
    status_code=204,
    include_in_schema=False,
    request_max_body_size=PACKED_BYTES,
)
async def post_status(request: AnyRequest, services: NamedDependency[Services]) -> None:
    """Take a server's status."""
    await keep_status(services, await _report(request))


@post(
    "/api/v1/opa/logs",
    opt=DOOR,
    guards=[require_engine],
    status_code=204,
    include_in_schema=False,
    request_max_body_size=PACKED_BYTES,
)
async def post_logs(request: AnyRequest, services: NamedDependency[Services]) -> None:
    """Take the decisions a server has logged."""
    await keep_decisions(services, await _report(request))


async def _report(request: AnyRequest) -> Any:  # noqa: ANN401 - any JSON
    packed = request.headers.get("content-encoding", "").lower() == "gzip"
    return await read_report(request.stream(), packed=packed)


ENGINE_DOORS: Final = (get_bundle, post_status, post_logs)
