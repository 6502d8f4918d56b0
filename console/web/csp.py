"""The headers that confine a page, and the nonce that its own scripts carry.

Content Security Policy Level 3 (https://www.w3.org/TR/CSP3/) with Trusted Types. The policy names no
host: scripts run by nonce only, styles come from this origin, nothing is compiled from text, and
only htmx (guarded by its ``hx-csp`` extension, in the same file) may write markup into a page.
"""

import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

NONCE_BYTES = 16
FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What templates may know about the request they answer, wherever in the template they are."""

    scope: Scope
    nonce: str


current: ContextVar[PageRequest] = ContextVar("guildhall_page_request")


def nonce() -> str:
    """Return the nonce of the page being answered, for ``nonce`` and ``hx-nonce`` attributes.

    Raises:
        LookupError: outside a request that passed through :class:`PageHeaders`; pages fail closed there.
    """
    return current.get().nonce


def content_security_policy(nonce: str, form_targets: Sequence[str] = ()) -> str:
    """Return the policy of one page.

    Args:
        nonce: the value its script elements carry.
        form_targets: origins that a form's redirect may lead to besides ours. Browsers apply
            ``form-action`` to the redirects that follow a form, so sign-out and stepping up need the
            identity provider's origin here.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "font-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types htmx",
        )
    )


class PageHeaders:
    """ASGI middleware around the whole console, so that answers made before routing are confined too.

    A header that the answer already set is left as it is.
    """

    def __init__(self, app: ASGIApp, form_targets: Sequence[str] = ()) -> None:
        self.app = app
        self.form_targets = tuple(form_targets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request a nonce, and its answer the headers."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        page = PageRequest(scope, secrets.token_urlsafe(NONCE_BYTES))
        policy = content_security_policy(page.nonce, self.form_targets)

        async def send_confined(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                confine(MutableScopeHeaders.from_message(message), policy)
            await send(message)

        token = current.set(page)
        try:
            await self.app(scope, receive, send_confined)
        finally:
            current.reset(token)


def confine(headers: MutableScopeHeaders, policy: str) -> None:
    """Add the headers of a page to an answer, changing none that it has."""
    for name, value in FIXED_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("Cache-Control", "no-store")
    if headers.get("content-type", "").startswith("text/html"):
        # Without it a browser's Back button may show a bare fragment as a page.
        headers.extend_header_value("Vary", "HX-Request")
