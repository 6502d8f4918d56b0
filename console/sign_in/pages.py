"""The sign-in handlers: out to the identity provider, back with an answer, and away again."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from console.declared import declares, public
from console.questions import Origin, Resource, origin_of
from console.security import session_cookie_name
from console.services import Services
from console.sign_in.admission import end_session, record_refusal, start_session
from console.web.responses import Refusal, refusal
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.errors import SignInError
from sso.flows import keep, take
from sso.models import SignIn

FLOW_COOKIE = "guildhall_sign_in"
CALLBACK = "/sign-in/callback"
SIX_HUNDRED_SECONDS = 600


@get("/sign-in", opt=public("it is how somebody becomes known"))
async def sign_in(services: NamedDependency[Services], next_path: FromQuery[str] = "/") -> Redirect:
    """Send the browser to the identity provider."""
    return await _leave(services, next_path, step_up=False)


@get("/step-up", opt=public("it asks the identity provider for a fresh, strong sign-in"))
async def step_up(services: NamedDependency[Services], next_path: FromQuery[str] = "/") -> Redirect:
    """Send the browser to confirm who sits there; approvals need it."""
    return await _leave(services, next_path, step_up=True)


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
    return Redirect(row.next_path, cookies=[cookie, _cookie(services, FLOW_COOKIE, "", max_age=0)])


@post("/sign-out", opt=declares(Permission.SESSION_END))
async def sign_out(work: NamedDependency[UnitOfWork]) -> Redirect:
    """End the session here and now."""
    person = work.principal.id
    await work.authorize(Permission.SESSION_END, Resource("session", person, {"person": str(person)}))
    await end_session(work, work.principal.authentication.session_id_hash or "", person)
    name = session_cookie_name(work.services)
    return Redirect("/sign-in", status_code=303, cookies=[_cookie(work.services, name, "", max_age=0)])


async def _leave(services: Services, next_path: str, *, step_up: bool) -> Redirect:
    party = services.sign_in.relying_party(services.sign_in.default)
    started = await party.start(redirect_uri=_redirect_uri(services), next_path=next_path, step_up=step_up)
    async with services.database.write() as session:
        await keep(session, started.row)
    cookie = _cookie(services, FLOW_COOKIE, started.cookie_value, max_age=SIX_HUNDRED_SECONDS)
    return Redirect(started.url, cookies=[cookie])


async def _taken(services: Services, request: Request[Any, Any, Any]) -> SignIn:
    async with services.database.write() as session:
        state = request.query_params.get("state")
        return await take(session, request.cookies.get(FLOW_COOKIE), state, services.clock())


async def _refused(
    request: Request[Any, Any, Any], services: Services, error: SignInError, issuer: str, origin: Origin
) -> Response[Any]:
    entry = await record_refusal(services, error.reason, issuer, origin)
    said = Refusal(
        status=400,
        title="You are not signed in",
        detail=error.sentence,
        reasons=(error.reason,),
        reference=str(entry),
        actions=(("Start again", "/sign-in"),),
    )
    return refusal(request, said)


def _redirect_uri(services: Services) -> str:
    return services.settings.base_url + CALLBACK


def _cookie(services: Services, key: str, value: str, max_age: int | None = None) -> Cookie:
    secure = services.settings.base_url.startswith("https://")
    return Cookie(
        key=key, value=value, max_age=max_age, path="/", httponly=True, secure=secure, samesite="lax"
    )
