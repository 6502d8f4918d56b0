"""Takes reports of leaked keys from anybody: who sends a whole key ends it, and hears nothing about it.

Scanners of public code report what the published pattern finds. A report needs no sign-in, so it is limited
by network and as a whole, and its answer is always the same.
"""

from typing import Final

from audit.events import Action
from console.keys.ending import end_key
from console.keys.forms import LeakReport, LeaksReceived
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from sso.keys.store import find_by_text
from sso.models import ApiKey
from sso.principal import system_principal

LEAKED: Final = "leaked"


async def report_leaks(services: Services, report: LeakReport, origin: Origin) -> LeaksReceived:
    """Revoke every key among the texts; their owners see why on their own pages."""
    services.reports.take(origin.address)
    work = UnitOfWork(services, system_principal("leaks"), origin)
    async with services.database.read() as session:
        found = [await find_by_text(session, text, services.peppers, work.now) for text in report.tokens]
    ids = {key.id for key in found if key is not None and key.revoked_at is None}
    if ids:
        async with work.write() as session:
            for key_id in sorted(ids):
                key = await session.get_one(ApiKey, key_id, with_for_update=True, populate_existing=True)
                if key.revoked_at is None:
                    await end_key(work, session, key, LEAKED, Action.KEY_LEAK, coded=True)
    return LeaksReceived()
