"""Keycloak's own events since a cursor: what was changed there, and who came in. Each has an id of its own.

An event may become visible a little after its time, so every look goes back a few seconds; whoever takes them
knows by their ids which are new.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from keycloak import KeycloakAdmin

from sso.keycloak.connection import ask

OVERLAP: Final = 15_000
"""Milliseconds a look goes back."""
PAGE: Final = 500
MOST: Final = 20_000
"""Events of one look; the next look takes the rest."""
SIGN_INS: Final = (
    *("LOGIN", "LOGIN_ERROR", "LOGOUT", "LOGOUT_ERROR", "REGISTER", "IMPERSONATE"),
    *("UPDATE_CREDENTIAL", "UPDATE_PASSWORD", "UPDATE_TOTP", "RESET_PASSWORD", "REMOVE_CREDENTIAL"),
    *("UPDATE_EMAIL", "UPDATE_PROFILE", "DELETE_ACCOUNT"),
    *("USER_DISABLED_BY_PERMANENT_LOCKOUT", "USER_DISABLED_BY_TEMPORARY_LOCKOUT"),
)
"""Refreshed and exchanged tokens are no sign-ins, and there are hundreds of them for each."""
CREDENTIALS: Final = frozenset(
    {"UPDATE_CREDENTIAL", "UPDATE_PASSWORD", "UPDATE_TOTP", "RESET_PASSWORD", "REMOVE_CREDENTIAL"}
)
"""What people do with their own passwords and second factors."""


@dataclass(frozen=True, slots=True)
class AdminEvent:
    """Something an administrator or a program changed in the realm. `time` is in milliseconds."""

    id: str
    time: int
    operation: str
    resource_type: str
    path: str
    admin: str | None = None
    address: str | None = None
    username: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SignInEvent:
    """Something a person did at the provider. `time` is in milliseconds."""

    id: str
    time: int
    type: str
    client: str | None = None
    subject: str | None = None
    session: str | None = None
    address: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """How far one looked, in milliseconds."""

    admin: int
    sign_in: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found, oldest first; also what was found before, within the overlap."""

    admin: tuple[AdminEvent, ...] = ()
    sign_ins: tuple[SignInEvent, ...] = field(default=())


async def read_events(admin: KeycloakAdmin, since: Since) -> Seen:
    """Return what happened since, and a little before.

    Raises:
        DirectoryError: Keycloak does not answer, or our client lacks the role view-events.
    """
    changed, signed = await asyncio.gather(
        _read(admin.a_get_admin_events, since.admin, {}),
        _read(admin.a_get_events, since.sign_in, {"type": list(SIGN_INS)}),
    )
    return Seen(tuple(map(_admin_event, changed)), tuple(map(_sign_in_event, signed)))


async def _read(
    page: Callable[[dict[str, Any]], Awaitable[list[Any]]], since: int, more: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    first = 0
    while first < MOST:
        query = {"first": first, "max": PAGE, "direction": "asc", "dateFrom": max(0, since - OVERLAP)}
        some = await ask(page({**query, **more}))
        found |= {_id(one): one for one in some}
        first += len(some)
        if len(some) < PAGE:
            break
    return sorted(found.values(), key=lambda one: int(one["time"]))


def affected(events: Iterable[AdminEvent]) -> frozenset[str]:
    """Return the subjects that `events` say something of."""
    return frozenset(subject for event in events if (subject := subject_of(event)) is not None)


def subject_of(event: AdminEvent) -> str | None:
    """Return whom an event is about: `users/ID…`, or `organizations/ID/members/ID`."""
    parts = event.path.split("/")
    if parts[0] == "users" and len(parts) > 1:
        return parts[1]
    if parts[0] == "organizations" and parts[2:3] == ["members"] and len(parts) > 3:  # noqa: PLR2004 - the id
        return parts[3]
    return None


def unnamed(events: Iterable[AdminEvent]) -> frozenset[str]:
    """Return user names of events that tell of somebody by name only: who joined an organisation."""
    return frozenset(
        event.username for event in events if event.username is not None and subject_of(event) is None
    )


def moves_groups(event: AdminEvent) -> bool:
    """Say whether an event may change the rights of people it does not name."""
    if event.resource_type in {"GROUP", "ORGANIZATION"}:
        return event.operation in {"UPDATE", "DELETE"} or event.path.endswith("/children")
    return event.resource_type in {"REALM", "USER_FEDERATION_PROVIDER"} and event.operation == "ACTION"


def logged_out(seen: Seen) -> frozenset[str]:
    """Return whose sessions an administrator ended."""
    return frozenset(
        subject
        for event in seen.admin
        if event.operation == "ACTION" and event.path.endswith("/logout")
        if (subject := subject_of(event)) is not None
    )


def reset_credentials(seen: Seen) -> Mapping[str, int]:
    """Return whose password or second factor was changed or taken away, and when last (milliseconds)."""
    by_people = [
        (one.subject, one.time)
        for one in seen.sign_ins
        if one.type in CREDENTIALS and one.subject and not one.error
    ]
    by_admins = [(subject_of(event) or "", event.time) for event in seen.admin if _resets(event)]
    return dict(sorted([*by_people, *by_admins], key=lambda one: one[1]))


def _resets(event: AdminEvent) -> bool:
    if event.error is not None:
        return False
    match event.path.split("/"):
        case ["users", _, "reset-password" | "disable-credential-types"]:
            return True
        case ["users", _, "credentials", _]:  # a further step is another's name or place, and no loss
            return event.operation in {"ACTION", "DELETE"}
    return False


def ended_sessions(seen: Seen) -> frozenset[str]:
    """Return the provider's ids of sessions that were ended one by one."""
    by_people = {event.session for event in seen.sign_ins if event.type == "LOGOUT" and event.session}
    by_admins = {
        event.path.partition("/")[2]
        for event in seen.admin
        if event.operation == "DELETE" and event.path.startswith("sessions/")
    }
    return frozenset(by_people | by_admins)


def _id(one: Mapping[str, Any]) -> str:
    # Older servers give no id; what an event says of itself is then what it is known by.
    return str(one.get("id") or f"{one['time']}:{one.get('resourcePath') or one.get('sessionId')}")[:64]


def _admin_event(one: dict[str, Any]) -> AdminEvent:
    by, details = one.get("authDetails") or {}, one.get("details") or {}
    return AdminEvent(
        id=_id(one),
        time=int(one["time"]),
        operation=str(one.get("operationType", "")),
        resource_type=str(one.get("resourceType", "")),
        path=str(one.get("resourcePath") or ""),
        admin=by.get("userId"),
        address=by.get("ipAddress"),
        username=details.get("username"),
        error=one.get("error"),
    )


def _sign_in_event(one: dict[str, Any]) -> SignInEvent:
    return SignInEvent(
        id=_id(one),
        time=int(one["time"]),
        type=str(one.get("type", "")),
        client=one.get("clientId"),
        subject=one.get("userId"),
        session=one.get("sessionId"),
        address=one.get("ipAddress"),
        error=one.get("error"),
    )
