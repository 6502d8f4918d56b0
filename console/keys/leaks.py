"""Takes reports of leaked keys and SCIM tokens from anybody: a whole one ends, its sender hears nothing.

Scanners of public code report what the published patterns find. A report needs no sign-in, so it is limited
by network and as a whole, and its answer is always the same.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.keys.ending import end_key
from console.keys.forms import LeakReport, LeaksReceived
from console.questions import Origin
from console.scim.leaked import end_leaked, find_leaked
from console.services import Services
from console.work import UnitOfWork
from sso.keys.store import find_by_text
from sso.models import ApiKey
from sso.principal import system_principal

LEAKED: Final = "leaked"


async def report_leaks(services: Services, report: LeakReport, origin: Origin) -> LeaksReceived:
    """Revoke every key and SCIM token among the texts; keys' owners see why on their own pages."""
    services.reports.take(origin.address)
    work = UnitOfWork(services, system_principal("leaks"), origin)
    async with services.database.read() as session:
        found = [await find_by_text(session, text, services.peppers, work.now) for text in report.tokens]
        credentials = await find_leaked(work, session, report.tokens)
    ids = {key.id for key in found if key is not None and key.revoked_at is None}
    if ids or credentials:
        async with work.write() as session:
            await _end_keys(work, session, ids)
            for credential_id in sorted(credentials):
                await end_leaked(work, session, credential_id)
    return LeaksReceived()


async def _end_keys(work: UnitOfWork, session: AsyncSession, ids: Iterable[UUID]) -> None:
    for key_id in sorted(ids):
        key = await session.get_one(ApiKey, key_id, with_for_update=True, populate_existing=True)
        if key.revoked_at is None:
            await end_key(work, session, key, LEAKED, Action.KEY_LEAK, coded=True)
