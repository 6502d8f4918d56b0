"""Every route says which permission it needs, or why it needs none; a route that says neither is refused."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from console.errors import RefusedError
from policy.permissions import Permission

PERMISSION = "permission"
PUBLIC = "public"


def declares(permission: Permission) -> dict[str, Any]:
    """Return the handler option that names the permission its action authorizes."""
    return {PERMISSION: permission}


def public(why: str) -> dict[str, Any]:
    """Return the handler option of a route anybody may call, with the reason."""
    return {PUBLIC: why}


def require_declared(_connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard the whole application: fail closed on a route that declares nothing.

    Raises:
        RefusedError: with reason `undeclared_route`.
    """
    if PERMISSION not in handler.opt and PUBLIC not in handler.opt:
        raise RefusedError("This address declares no permission, so it is closed.", ("undeclared_route",))
