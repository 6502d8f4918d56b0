"""One look at Keycloak's events: who they concern is read again and brought in line, then they are taken."""

from typing import Final

from console.directory.applying import apply_plan
from console.directory.comparing import compare, read_known
from console.directory.keeping import directory_work, keep_cursor
from console.directory.looking import MOST
from console.directory.remembering import remember_said
from console.directory.taking import take, unseen
from console.services import Services
from sso.directory_settings import DirectorySettings
from sso.keycloak.connection import RealmAdmin, ask
from sso.keycloak.events import (
    Seen,
    Since,
    affected,
    moves_groups,
    read_events,
    unnamed,
)
from sso.keycloak.reading import read_some
from sso.models import DirectoryCursor

OF_ACCOUNTS: Final = frozenset(
    {
        *("REGISTER", "UPDATE_PROFILE", "UPDATE_EMAIL", "DELETE_ACCOUNT"),
        *("USER_DISABLED_BY_PERMANENT_LOCKOUT", "USER_DISABLED_BY_TEMPORARY_LOCKOUT"),
    }
)
"""What people do at the provider that changes what it says of them."""


async def poll(services: Services, settings: DirectorySettings, admin: RealmAdmin) -> Seen:
    """Look once, and carry out what is new; return it.

    Raises:
        DirectoryError: the directory cannot be read.
        ConsoleError: something could not be recorded; it is done at the next look.
    """
    issuer = settings.known_as
    seen = await read_events(admin, await _since(services, settings, admin))
    async with services.database.read() as session:
        new = await unseen(session, issuer, seen)
    if new == Seen():
        await keep_cursor(services, issuer, polled=services.clock(), error=None, error_since=None)
        return new
    # First what they say of people, then the cursor: after a crash in between the same is found again.
    if not await _bring_in_line(services, settings, admin, new):
        await keep_cursor(services, issuer, full=0)
    await take(services, issuer, new)
    return new


async def concerned(admin: RealmAdmin, new: Seen) -> set[str]:
    """Return whom events say something of.

    Raises:
        DirectoryError: somebody named by name only cannot be asked for.
    """
    subjects = set(affected(new.admin))
    subjects |= {event.subject for event in new.sign_ins if event.type in OF_ACCOUNTS and event.subject}
    for name in unnamed(new.admin):
        subjects |= {user["id"] for user in await ask(admin.a_get_users({"username": name, "exact": "true"}))}
    return subjects


async def _since(services: Services, settings: DirectorySettings, admin: RealmAdmin) -> Since:
    async with services.database.read() as session:
        cursor = await session.get(DirectoryCursor, settings.known_as)
    if cursor is not None and cursor.admin_time:
        return Since(cursor.admin_time, cursor.sign_in_time)
    # The very first look begins at Keycloak's own newest events: its clock counts, and its past is its own.
    newest = [*await ask(admin.a_get_admin_events({"max": 1})), *await ask(admin.a_get_events({"max": 1}))]
    first = max([int(one["time"]) for one in newest], default=services.clock() // 1000)
    await keep_cursor(services, settings.known_as, admin_time=first, sign_in_time=first)
    return Since(first, first)


async def _bring_in_line(
    services: Services, settings: DirectorySettings, admin: RealmAdmin, new: Seen
) -> bool:
    """Read again whom the events concern, and apply; say no when everybody must be read again."""
    subjects = await concerned(admin, new)
    if len(subjects) > MOST:
        return False
    if subjects:
        snapshot = await read_some(admin, settings, subjects)
        known = await read_known(services, settings, frozenset(subjects))
        await apply_plan(directory_work(services), compare(settings, snapshot, known))
        async with services.database.write() as session:
            said = list(snapshot.people.values())
            await remember_said(session, services.identity_key, settings.known_as, said)
    return not any(moves_groups(event) for event in new.admin)
