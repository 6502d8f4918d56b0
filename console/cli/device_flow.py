"""The command line's part of the device flow (RFC 8628): ask, show the code, wait, renew, end."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx2

from console.cli.failures import CommandError, UnavailableError
from console.cli.logins import Login, changing, keep_login, read_login
from console.settings import is_loopback
from sso.settings import is_trustworthy

GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
EARLY: Final = 30
SLOWER: Final = 5
ENDED: Final = "Your login has ended: run `guildhall login`."
SILENT: Final = "The identity provider does not answer."

Fetch = Callable[[str, Mapping[str, str] | None], dict[str, Any]]


def fetch_json(url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON answer to a GET, or to a POST of `form`, refusals too.

    Raises:
        UnavailableError: no answer, or none of use.
    """
    if not is_trustworthy(url.partition("?")[0]):
        raise CommandError(f"{url} is not https.")
    try:
        # A proxy set for the outside world must not see calls to this machine.
        with httpx2.Client(timeout=30, trust_env=not is_loopback(httpx2.URL(url).host)) as http:
            answer = http.get(url) if form is None else http.post(url, data=dict(form))
        said = answer.json() if answer.content else {}
    except (httpx2.HTTPError, ValueError):
        raise UnavailableError(SILENT) from None
    if answer.is_server_error or not isinstance(said, dict):
        raise UnavailableError(SILENT)
    return said


def read_provider(issuer: str, fetch: Fetch = fetch_json) -> dict[str, Any]:
    """Return what an identity provider publishes about itself.

    Raises:
        CommandError: it is another one, or lets no devices in.
    """
    found = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration", None)
    if found.get("issuer") != issuer:
        raise CommandError("The identity provider's metadata names another issuer.")
    if "device_authorization_endpoint" not in found or "token_endpoint" not in found:
        raise CommandError("This identity provider has no device flow: give --token or set GUILDHALL_TOKEN.")
    return found


def begin(provider: Mapping[str, Any], client_id: str, fetch: Fetch = fetch_json) -> dict[str, Any]:
    """Ask to be let in; return the codes and where somebody confirms them."""
    said = fetch(provider["device_authorization_endpoint"], {"client_id": client_id, "scope": "openid"})
    shown = [str(said.get(name, "")) for name in ("user_code", "verification_uri")]
    if not said.get("device_code") or not all(text and text.isprintable() for text in shown):
        raise CommandError(_refusal(said))
    return said


def wait(
    provider: Mapping[str, Any],
    client_id: str,
    begun: Mapping[str, Any],
    fetch: Fetch = fetch_json,
    pause: Callable[[float], None] = time.sleep,
) -> Login:
    """Ask until somebody confirms, no faster than the provider says.

    Raises:
        CommandError: refused, or nobody confirmed in time.
    """
    interval, waited = int(begun.get("interval", 5)), 0
    form = {"grant_type": GRANT, "device_code": str(begun["device_code"]), "client_id": client_id}
    while waited <= int(begun.get("expires_in", 600)):
        pause(interval)
        waited += interval
        said = fetch(provider["token_endpoint"], form)
        if "access_token" in said:
            return _login(provider, client_id, said)
        if said.get("error") == "slow_down":
            interval += SLOWER
        elif said.get("error") != "authorization_pending":
            raise CommandError(_refusal(said))
    raise CommandError("Nobody confirmed the code in time.")


def valid_token(url: str, fetch: Fetch = fetch_json, *, renew: bool = False) -> str | None:
    """Return the access token kept for `url`, renewed when it is over or `renew` says so; None without one.

    Raises:
        CommandError: the login has ended.
    """
    login = read_login(url)
    if login is None or (not renew and login.expires - EARLY > time.time()):
        return login.access_token if login else None
    with changing():
        current = read_login(url)
        if current is not None and current != login:
            return current.access_token  # another process was quicker
        return _renewed(url, login, fetch).access_token


def end(url: str, fetch: Fetch = fetch_json) -> bool:
    """Forget the login at `url`, and end it at the provider; say whether there was one."""
    with changing():
        login = read_login(url)
        keep_login(url, None)
    if login is None:
        return False
    if login.revocation_endpoint and login.refresh_token:
        fetch(login.revocation_endpoint, {"token": login.refresh_token, "client_id": login.client_id})
    return True


def _renewed(url: str, login: Login, fetch: Fetch) -> Login:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": login.refresh_token or "",
        "client_id": login.client_id,
    }
    said = fetch(login.token_endpoint, form) if login.refresh_token else {}
    if "access_token" not in said:
        keep_login(url, None)
        raise CommandError(ENDED)
    provider = {
        "issuer": login.issuer,
        "token_endpoint": login.token_endpoint,
        "revocation_endpoint": login.revocation_endpoint,
    }
    fresh = _login(provider, login.client_id, {"refresh_token": login.refresh_token, **said})
    keep_login(url, fresh)
    return fresh


def _login(provider: Mapping[str, Any], client_id: str, said: Mapping[str, Any]) -> Login:
    refresh_token = said.get("refresh_token")
    return Login(
        issuer=provider["issuer"],
        client_id=client_id,
        token_endpoint=provider["token_endpoint"],
        expires=int(time.time()) + int(said.get("expires_in", 60)),
        access_token=str(said["access_token"]),
        refresh_token=str(refresh_token) if refresh_token else None,
        revocation_endpoint=provider.get("revocation_endpoint"),
    )


def _refusal(said: Mapping[str, Any]) -> str:
    known = {
        "access_denied": "Whoever opened the page said no.",
        "expired_token": "Nobody confirmed the code in time.",
        "invalid_client": "The identity provider does not know the command line's client: add it first.",
        "unauthorized_client": "The command line's client there may not use the device flow: allow it first.",
    }
    return known.get(str(said.get("error")), "The identity provider refused.")
