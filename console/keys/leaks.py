"""Takes reports of leaked keys and SCIM tokens from anybody: a whole one ends, and the answer is the same.

Scanners of public code report what the published pattern finds. A report needs no sign-in, so it is limited
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
    """Revoke every key and SCIM token among the texts; their owners and admins see why on their own pages."""
    services.reports.take(origin.address)
    work = UnitOfWork(services, system_principal("leaks"), origin)
    async with services.database.read() as session:
        keys = await _find_keys(session, services, report.tokens)
        credentials = await find_leaked(session, report.tokens, services.identity_key)
    if keys or credentials:
        async with work.write() as session:
            for key_id in sorted(keys):
                key = await session.get_one(ApiKey, key_id, with_for_update=True, populate_existing=True)
                if key.revoked_at is None:
                    await end_key(work, session, key, LEAKED, Action.KEY_LEAK, coded=True)
            for credential in credentials:
                await end_leaked(work, session, credential, LEAKED)
    return LeaksReceived()


async def _find_keys(session: AsyncSession, services: Services, texts: Iterable[str]) -> set[UUID]:
    now = services.clock()
    found = [await find_by_text(session, text, services.peppers, now) for text in texts]
    return {key.id for key in found if key is not None and key.revoked_at is None}
