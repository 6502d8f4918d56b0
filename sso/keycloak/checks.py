"""Whether our reading client in Keycloak may read what it must, and whether there is anything to read."""

import json
from typing import Any, Final

from joserfc.jws import extract_compact
from keycloak import KeycloakAdmin

from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError
from sso.keycloak.connection import ask, open_as_admin, open_directory
from sso.keycloak.setup.steps import find_steps
from sso.keycloak.setup.wanted import Place, needed_types
from sso.provider_checks import Checked, compare_clocks

LEEWAY: Final = 30
SETUP: Final = "Run `guildhall directory setup`, or make it by hand as the how-to says."
CREDENTIAL: Final = "Copy the secret of that client again into directory.client_secret."
UNREACHED: Final = "Check directory.server_url, and that this host reaches it."
ADMINISTRATOR: Final = "Give the name and password of an administrator of the whole Keycloak (realm master)."
REALM: Final = "Check directory.realm: the realm's name, as its address shows it."


async def check_directory(settings: DirectorySettings, now: int) -> list[Checked]:
    """Return what keeps the sync from working, or that nothing does; `now` is in microseconds."""
    try:
        async with open_directory(settings) as admin:
            return [_clock(admin, now), *await _roles(admin, settings), *await _events(admin, settings)]
    except DirectoryError as error:
        mends = {"directory_credential": CREDENTIAL, "directory_not_found": REALM}
        mend = mends.get(error.reason, UNREACHED)
        return [Checked("directory", f"{error.sentence} ({settings.client_id})", mend)]


async def check_as_admin(
    settings: DirectorySettings, place: Place, user: str, password: str
) -> list[Checked]:
    """Return what differs from what `guildhall directory setup` makes; only an administrator sees it all."""
    try:
        async with open_as_admin(settings.server_url, settings.realm, user, password) as admin:
            steps = [Checked("directory setup", step.said, SETUP) async for step in find_steps(admin, place)]
    except DirectoryError as error:
        mend = ADMINISTRATOR if error.reason == "directory_credential" else UNREACHED
        return [Checked("directory setup", f"{error.sentence} ({user})", mend)]
    return steps or [Checked("directory setup", "Clients, mappers, roles and events are as they should be.")]


def _clock(admin: KeycloakAdmin, now: int) -> Checked:
    # Keycloak sends no Date header; the token it has just issued to us says when. Nothing else of it is read.
    token = (admin.connection.token or {})["access_token"]
    issued = json.loads(extract_compact(token.encode()).payload)["iat"]
    return compare_clocks(LEEWAY, issued, now)


async def _roles(admin: KeycloakAdmin, settings: DirectorySettings) -> list[Checked]:
    lacking = []
    if not await _may(admin.a_users_count()):
        lacking.append("view-users")
    if not await _may(admin.a_get_admin_events({"max": 1})):
        lacking.append("view-events")
    if "defaultRole" not in await ask(admin.a_get_realm(settings.realm)):
        lacking.append("view-realm")
    if not lacking:
        return [Checked("directory", "It answers, and our client may read people and events.")]
    said = f"The client {settings.client_id} lacks the role {' and '.join(lacking)} of realm-management."
    return [Checked("directory", said, SETUP)]


async def _may(question: Any) -> bool:  # noqa: ANN401 - any answer
    try:
        await ask(question)
    except DirectoryError as error:
        if error.reason != "directory_role_missing":
            raise
        return False
    return True


async def _events(admin: KeycloakAdmin, settings: DirectorySettings) -> list[Checked]:
    answer = await ask(admin.connection.a_raw_get(f"admin/realms/{settings.realm}/events/config"))
    if answer.status_code != 200:  # noqa: PLR2004 - the role that is missing is named already
        return []
    found = answer.json()
    off = {"eventsEnabled": "sign-ins", "adminEventsEnabled": "what admins change"}
    missing = [what for name, what in off.items() if not found.get(name)]
    if missing:
        said = f"The realm does not keep events of {' and '.join(missing)}: nobody leaves within seconds."
        return [Checked("directory events", said, SETUP)]
    if types := needed_types(found):
        said = f"The realm does not keep these events: {', '.join(types)}."
        return [Checked("directory events", said, SETUP)]
    return [Checked("directory events", "The realm keeps sign-ins and what admins change.")]
