"""The documents of what the console needs in a realm: its clients, their mappers, the realm's events."""

from dataclasses import dataclass
from typing import Any, Final

from sso.keycloak.events import SIGN_INS
from sso.settings import AUDIENCE

CONSOLE: Final = "guildhall"
CLI: Final = "guildhall-cli"
DIRECTORY: Final = "guildhall-directory"
FLOW: Final = "guildhall browser"
ROLES: Final = ("view-events", "view-realm", "view-users")
"""All that reading takes. None of them may change anything, and none shows another client's secret."""
LEVELS: Final = '{"1":1,"gold":2}'
EXPIRES: Final = 7 * 24 * 60 * 60
ORGANIZATION: Final = "organization"
"""The client scope whose claim tells of organisations; `:*` after it asks for all of somebody's."""
SCOPES: Final = ("openid", "profile", "email")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the console is, and what it asks for."""

    realm: str
    url: str
    groups_claim: str = "groups"
    full_paths: bool = True

    @property
    def redirect(self) -> str:
        """Where people come back to."""
        return f"{self.url}/sign-in/callback"


def realm_settings() -> Document:
    """Return the settings of a realm's events: both kinds, admin events with what they changed."""
    return {
        "eventsEnabled": True,
        "eventsExpiration": EXPIRES,
        "adminEventsEnabled": True,
        "adminEventsDetailsEnabled": True,
    }


def needed_scopes(realm: Document) -> list[str]:
    """Return what a sign-in at the realm asks for: of organisations where there are any."""
    return [*SCOPES, f"{ORGANIZATION}:*"] if realm.get("organizationsEnabled") else list(SCOPES)


def needed_types(existing: Document) -> list[str]:
    """Return the types of events that a realm keeps too few of; an empty list there keeps all."""
    kept = existing.get("enabledEventTypes") or []
    return sorted(set(SIGN_INS) - set(kept)) if kept else []


def console_client(place: Place) -> Document:
    """Return the client people sign in through."""
    return {
        **_client(CONSOLE, "Guildhall"),
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "standardFlowEnabled": True,
        "frontchannelLogout": False,
        "redirectUris": [place.redirect],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": f"{place.url}/sign-in",
            "backchannel.logout.url": f"{place.url}/sign-in/back-channel-logout",
            "backchannel.logout.session.required": "true",
            "acr.loa.map": LEVELS,
        },
        "protocolMappers": [groups_mapper(place), audience_mapper(), auth_time_mapper()],
    }


def cli_client() -> Document:
    """Return the client of `guildhall login`: the device flow alone, without a secret."""
    return {
        **_client(CLI, "Guildhall on the command line"),
        "publicClient": True,
        "standardFlowEnabled": False,
        "frontchannelLogout": False,
        "redirectUris": [],
        "attributes": {"oauth2.device.authorization.grant.enabled": "true", "acr.loa.map": LEVELS},
        "protocolMappers": [audience_mapper(), auth_time_mapper()],
    }


def directory_client() -> Document:
    """Return the client that reads people and events, as an account of its own."""
    return {
        **_client(DIRECTORY, "Guildhall reading the directory"),
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "standardFlowEnabled": False,
        "frontchannelLogout": False,
        "serviceAccountsEnabled": True,
        "redirectUris": [],
        "attributes": {},
        "protocolMappers": [],
    }


def groups_mapper(place: Place) -> Document:
    """Return the mapper that tells groups at sign-in, and only there: tokens stay small."""
    config = {
        "claim.name": place.groups_claim,
        "full.path": "true" if place.full_paths else "false",
        "id.token.claim": "true",
        "access.token.claim": "false",
        "userinfo.token.claim": "false",
        "introspection.token.claim": "false",
    }
    return _mapper("guildhall groups", "oidc-group-membership-mapper", config)


def audience_mapper() -> Document:
    """Return the mapper that makes access tokens ours: others are refused."""
    config = {
        "included.custom.audience": AUDIENCE,
        "id.token.claim": "false",
        "access.token.claim": "true",
        "introspection.token.claim": "true",
    }
    return _mapper("guildhall audience", "oidc-audience-mapper", config)


def auth_time_mapper() -> Document:
    """Return the mapper that says when somebody signed in, which a step-up is measured by."""
    config = {
        "user.session.note": "AUTH_TIME",
        "claim.name": "auth_time",
        "jsonType.label": "long",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "introspection.token.claim": "true",
    }
    return _mapper("guildhall auth_time", "oidc-usersessionmodel-note-mapper", config)


def _client(client_id: str, name: str) -> Document:
    return {
        "clientId": client_id,
        "name": name,
        "enabled": True,
        "protocol": "openid-connect",
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "webOrigins": [],
    }


def _mapper(name: str, kind: str, config: dict[str, str]) -> Document:
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": config}
