"""Whether an identity provider knows us as we think: asked as a sign-in would ask it, without signing in."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from sso.clock import MICROSECONDS
from sso.endpoints import post_as_client, said_in
from sso.errors import SignInError
from sso.metadata import ProviderMetadata
from sso.settings import IssuerSettings

CHALLENGE: Final = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The example of RFC 7636 appendix B; nothing is ever redeemed with it."""
REDIRECTS: Final = range(300, 400)
NO_CODE: Final = "guildhall-doctor-asks-with-no-code"


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing looked at: a sentence, and the mend where there is something to mend."""

    name: str
    sentence: str
    mend: str = ""


async def check_provider(
    http: httpx2.AsyncClient,
    issuer: IssuerSettings,
    metadata: ProviderMetadata,
    redirect_uri: str,
    clock: Callable[[], int],
) -> list[Checked]:
    """Return what is wrong between us and the provider, or that nothing is; it must answer.

    ``clock`` tells microseconds UTC.
    """
    document = await metadata.document()
    return [
        await _redirect(http, issuer, document.authorization_endpoint, redirect_uri),
        await _secret(http, issuer, document.token_endpoint, redirect_uri),
        await _clock(http, issuer, clock),
    ]


async def _redirect(
    http: httpx2.AsyncClient, issuer: IssuerSettings, endpoint: str, redirect_uri: str
) -> Checked:
    asked = {
        "response_type": "code",
        "client_id": issuer.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "state": "doctor",
        "nonce": "doctor",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "prompt": "none",
    }
    answer = await http.get(endpoint, params=asked)
    back = answer.headers.get("location", "")
    if answer.status_code in REDIRECTS and back.startswith(redirect_uri):
        return Checked("redirect", "It sends people back to us.")
    return Checked(
        "redirect",
        f"It does not send people back to {redirect_uri}, or does not know the client {issuer.client_id}.",
        f"Add {redirect_uri} to the redirect addresses of that client, and check server.public_url.",
    )


async def _secret(
    http: httpx2.AsyncClient, issuer: IssuerSettings, endpoint: str, redirect_uri: str
) -> Checked:
    form = {
        "grant_type": "authorization_code",
        "code": NO_CODE,
        "redirect_uri": redirect_uri,
        "code_verifier": CHALLENGE,
    }
    try:
        answer = await post_as_client(issuer, endpoint, http, form)
    except SignInError:
        return Checked(
            "secret",
            "It does not answer when we say who we are.",
            "Look into the provider's own log, then try again.",
        )
    # Only whoever believes who we are looks at the code at all (RFC 6749 section 5.2).
    if said_in(answer).get("error") == "invalid_grant":
        return Checked("secret", "It accepts our client and secret.")
    return Checked(
        "secret",
        f"It does not accept the client {issuer.client_id} with the secret we have.",
        "Copy the client's secret again into sign_in.issuers, or run `guildhall directory setup`.",
    )


async def _clock(http: httpx2.AsyncClient, issuer: IssuerSettings, clock: Callable[[], int]) -> Checked:
    asked = clock()
    answer = await http.get(f"{issuer.url.rstrip('/')}/.well-known/openid-configuration")
    try:
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return Checked("clock", "It does not say what time it is.")
    # It said so at some moment in between: a slow answer is no wrong clock.
    return compare_clocks(issuer.leeway, theirs, round(min(max(theirs * MICROSECONDS, asked), clock())))


def compare_clocks(leeway: int, theirs: float, now: int) -> Checked:
    """Return whether a clock that says `theirs` (seconds) and ours (microseconds) agree well enough."""
    apart = round(abs(now / MICROSECONDS - theirs))
    if apart <= max(leeway, 1):
        return Checked("clock", "Its clock and ours agree.")
    return Checked(
        "clock",
        f"Its clock and ours are {apart} s apart; {leeway} s are allowed, so sign-ins are refused.",
        "Let both hosts follow one time service (NTP).",
    )
