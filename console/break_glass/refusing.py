"""Refusals of break glass: each has a reason, and each is an entry that alarms."""

from typing import Final
from uuid import UUID

from audit.event import Outcome
from audit.events import Action
from console.break_glass.allowed import FLAG
from console.errors import RefusedError
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from sso.principal import system_principal

SENTENCES: Final = {
    "break_glass_off": "Break glass is off: set break_glass.enabled, and seal two credentials beforehand.",
    "break_glass_unsealed": "Two credentials, held by two people, have to be sealed before one can be used.",
    "break_glass_spent": "This credential has been used; it opens nothing any more.",
    "break_glass_unknown": "This is no sealed credential.",
    "break_glass_unreviewed": "The last use has not been reviewed; until then nothing can be opened.",
    "break_glass_not_open": "Break glass is not open, or its time is over.",
    "break_glass_two_people": "It takes both holders, each with the own credential, to go on.",
    "break_glass_repaired": "Sign-in was repaired under this use already; once is all it may do.",
    "holder_inactive": "The holder of this credential is disabled.",
}


def host_work(services: Services) -> UnitOfWork:
    """Return the unit of work of whoever is on the host, before a credential has said who."""
    return UnitOfWork(services, system_principal(FLAG), Origin("host"))


async def refuse(services: Services, reason: str, holder: UUID | None = None) -> RefusedError:
    """Record a refused use of break glass, and return the error to raise."""
    work = host_work(services)
    target = Resource("person", holder) if holder else None
    async with work.write():
        await work.record(
            Action.BREAK_GLASS_REFUSE,
            resource=target,
            reasons=[reason],
            flags=[FLAG],
            outcome=Outcome.DENIED,
        )
    return RefusedError(SENTENCES[reason], (reason,))
