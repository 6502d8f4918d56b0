"""Who knocks at every door: nine callers, each with the credential such a caller really has."""

from dataclasses import dataclass, field
from typing import Final

from console.services import Services
from console.sign_in.admission import start_session
from console.sign_in.providers import dev_issuer
from sso.claims import IdTokenClaims
from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE, DemoPerson
from sso.dev.tokens import CLIENT_ID, STEP_UP_ACR, access_claims, confirm, sign
from sso.sessions import csrf_token
from tests.console.begun import TESTS

ACTORS: Final = (
    "anonymous",
    "stranger",
    "member",
    "owner",
    "reviewer",
    "auditor",
    "admin",
    "key",
    "break_glass",
)
"""In the order of the table's columns. A stranger is signed in and holds nothing; the key is the member's."""
PEOPLE: Final = {**DEMO_PEOPLE, "stranger": DemoPerson("stranger", "Stranger", "works here", ())}


@dataclass(frozen=True)
class Credential:
    """A bearer for programs, a cookie for pages, and the CSRF token that goes with it."""

    bearer: str | None = None
    cookie: str | None = None
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def token_of(services: Services, handle: str) -> str:
    """Return a stepped-up access token of one of the people."""
    settings, now = services.settings, services.clock() // 1_000_000
    key = load_key(settings.data / "dev-idp.key")
    signed_in = confirm(PEOPLE[handle], step_up=True, now=now)
    return sign(key, access_claims(dev_issuer(settings), signed_in, now, CLIENT_ID), "at+jwt")


async def browser_of(services: Services, handle: str) -> Credential:
    """Return the cookie of a fresh, stepped-up session, and the token its forms carry."""
    person, now = PEOPLE[handle], services.clock() // 1_000_000
    claims = IdTokenClaims(
        dev_issuer(services.settings),
        person.subject,
        expires=now + 300,
        issued=now,
        auth_time=now,
        acr=STEP_UP_ACR,
        handle=handle,
        name=person.name,
        given={"groups": list(person.groups)},
    )
    cookie = (await start_session(services, claims, None, TESTS)).session.cookie_value
    return Credential(cookie=cookie, csrf=csrf_token(cookie, services.csrf_key))
