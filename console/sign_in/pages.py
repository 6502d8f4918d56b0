"""The sign-in handlers: out to the identity provider, back with an answer, and away again."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from console.declared import declares, public
from console.errors import NotFoundError
from console.questions import Origin, Resource, origin_of
from console.security import session_cookie_name, site_of
from console.services import Services
from console.sign_in.admission import record_refusal, start_session
from console.sign_in.choice import open_choice
from console.sign_in.ending import end_session
from console.web.responses import Refusal, page, refusal
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.errors import SignInError
from sso.flows import keep, take
from sso.kept import KeptTokens, open_sealed
from sso.models import Session, SignIn
from sso.sessions import find

CALLBACK = "/sign-in/callback"
SIGNED_OUT = "/sign-in"
SIX_HUNDRED_SECONDS = 600
AWAY = frozenset({"provider_unavailable"})
"""Reasons that are nobody's mistake: the provider is asked again later."""


@get("/sign-in", opt=public("it is how somebody becomes known"))
async def sign_in(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    next_path: FromQuery[str] = "/",
    issuer: FromQuery[str] = "",
) -> Response[Any] | Template:
    """Send the browser to the identity provider; of several, people choose one."""
    if not issuer and len(services.sign_in.issuers) > 1:
        return page(request, "sign_in/choose.html", open_choice(services, next_path))
    return await _leave(request, services, next_path, issuer or services.sign_in.default, step_up=False)


@get("/step-up", opt=public("it asks the identity provider for a fresh, strong sign-in"))
async def step_up(
    request: Request[Any, Any, Any], services: NamedDependency[Services], next_path: FromQuery[str] = "/"
) -> Response[Any]:
    """Send the browser to confirm who sits there; approvals need it."""
    issuer = await _issuer_of_session(request, services)
    return await _leave(request, services, next_path, issuer, step_up=True)


@get(CALLBACK, opt=public("the identity provider sends the browser back here"))
async def callback(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """Believe the answer or refuse it; a session follows only from an answer that is believed."""
    origin, issuer = origin_of(request, "page"), ""
    try:
        row = await _taken(services, request)
        issuer = row.issuer
        party = services.sign_in.relying_party(issuer)
        claims = await party.finish(row, dict(request.query_params), _redirect_uri(services))
        name = session_cookie_name(services)
        signed_in = await start_session(services, claims, request.cookies.get(name), origin)
    except SignInError as error:
        return await _refused(request, services, error, issuer, origin)
    cookie = _cookie(services, name, signed_in.session.cookie_value)
    return Redirect(
        row.next_path, cookies=[cookie, _cookie(services, flow_cookie_name(services), "", max_age=0)]
    )


@post("/sign-out", opt=declares(Permission.SESSION_END))
async def sign_out(work: NamedDependency[UnitOfWork]) -> Redirect:
    """End the session here and now, then the provider's: with it the next sign-in would ask for nothing."""
    person = work.principal.id
    await work.authorize(Permission.SESSION_END, Resource("session", person, {"person": str(person)}))
    id_hash = work.principal.authentication.session_id_hash or ""
    kept = await _kept(work, id_hash)
    await end_session(work, id_hash, person)
    away = await _provider_sign_out(work.services, work.principal.authentication.issuer, kept)
    cookie = _cookie(work.services, session_cookie_name(work.services), "", max_age=0)
    return Redirect(away or "/sign-in", status_code=303, cookies=[cookie])


async def _issuer_of_session(request: Request[Any, Any, Any], services: Services) -> str:
    """Return who signed this browser in: nobody else can confirm the person."""
    cookie = request.cookies.get(session_cookie_name(services))
    async with services.database.read() as session:
        found = await find(session, cookie, services.clock())
    return found.issuer if found else services.sign_in.default


async def _leave(
    request: Request[Any, Any, Any], services: Services, next_path: str, issuer: str, *, step_up: bool
) -> Response[Any]:
    if (own := _own_address(request, services)) is not None:
        return Redirect(own)
    party = services.sign_in.relying_party(issuer)
    try:
        started = await party.start(
            redirect_uri=_redirect_uri(services), next_path=next_path, step_up=step_up
        )
    except SignInError as error:
        return refusal(request, _said(error, None))
    async with services.database.write() as session:
        await keep(session, started.row)
    cookie = _cookie(services, flow_cookie_name(services), started.cookie_value, max_age=SIX_HUNDRED_SECONDS)
    return Redirect(started.url, cookies=[cookie])


def _own_address(request: Request[Any, Any, Any], services: Services) -> str | None:
    """Return this address under our own name when it was reached by another name of this machine.

    The provider sends people back to our own name, where a cookie of another name would not be.
    """
    own = site_of(services.settings.base_url)
    # By its host alone: whoever ends TLS in front of us speaks http to us.
    if not services.settings.embedded or request.headers.get("host", "") == own.split("//")[-1]:
        return None
    return own + request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _kept(work: UnitOfWork, id_hash: str) -> KeptTokens | None:
    async with work.read() as session:
        row = await session.get(Session, id_hash)
    return open_sealed(row.sealed, work.services.session_key, id_hash) if row else None


async def _provider_sign_out(services: Services, issuer: str, kept: KeptTokens | None) -> str | None:
    try:
        party = services.sign_in.relying_party(issuer)
        home = services.settings.base_url + SIGNED_OUT
        return await party.sign_out_url(home, kept.id_token if kept else None)
    except (SignInError, NotFoundError):
        return None


async def _taken(services: Services, request: Request[Any, Any, Any]) -> SignIn:
    async with services.database.write() as session:
        state = request.query_params.get("state")
        cookie = request.cookies.get(flow_cookie_name(services))
        return await take(session, cookie, state, services.clock())


async def _refused(
    request: Request[Any, Any, Any], services: Services, error: SignInError, issuer: str, origin: Origin
) -> Response[Any]:
    entry = await record_refusal(services, error.reason, issuer, origin)
    return refusal(request, _said(error, str(entry)))


def _said(error: SignInError, reference: str | None) -> Refusal:
    return Refusal(
        status=503 if error.reason in AWAY else 400,
        title="You are not signed in",
        detail=error.sentence,
        reasons=(error.reason,),
        reference=reference,
        actions=(("Start again", "/sign-in"),),
    )


def flow_cookie_name(services: Services) -> str:
    """Return the name of the cookie that ties a sign-in under way to its browser."""
    return f"{session_cookie_name(services)}_sign_in"


def _redirect_uri(services: Services) -> str:
    return services.settings.base_url + CALLBACK


def _cookie(services: Services, key: str, value: str, max_age: int | None = None) -> Cookie:
    secure = services.settings.base_url.startswith("https://")
    return Cookie(
        key=key, value=value, max_age=max_age, path="/", httponly=True, secure=secure, samesite="lax"
    )
