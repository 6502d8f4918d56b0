"""Carries every erasure through: the register, the keys, and a database restored to an earlier day.

Done at every start before anything is answered, and by the worker every few seconds: what one process began,
another finishes. When nothing is left to do it is a handful of reads.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from audit.subjects.erasure import erase_subjects, told_by_log, told_by_outbox
from audit.subjects.register import Erasure, ErasureRegister
from audit.subjects.sweep import sweep
from console.erasure.person import NAMING_TABLES, erase_person
from console.errors import SettingsError
from console.questions import Origin
from console.services import Services
from console.settings import Settings
from console.work import UnitOfWork
from sso.models import Identity, Profile
from sso.principal import system_principal

AT_ONCE: Final = 500
UNAPPLIED: Final = (
    "Somebody who was erased is in this database again, as after a restore: start the console or the worker "
    "first, which erase them anew; a gateway may not."
)


def register_of(settings: Settings) -> ErasureRegister:
    """Return the register of erasures; it lies beside the remembered head."""
    return ErasureRegister(settings.data / "erased")


async def settle_erasures(services: Services, elsewhere: Sequence[Erasure] = ()) -> int:
    """Carry through every erasure that register, log or outbox tell of; return how many were not complete.

    `elsewhere` are those that somebody off this host remembers.

    Raises:
        RegisterError: the register was altered.
        KeyStoreError: the keys cannot be reached.
        AuditUnavailableError: a repeated erasure could not be recorded.
    """
    register = register_of(services.settings)
    async with services.database.read() as session:
        told = await told_by_outbox(session)
    told += [*await told_by_log(services.log.engine), *elsewhere]
    keys = await erase_subjects(services.keys, register, told)
    again = await named_again(services, [one.subject for one in register.read()])
    if again:
        register.unsweep()
    for person in sorted(again):
        work = UnitOfWork(services, system_principal("start"), Origin("process"))
        async with work.write() as session:
            await erase_person(work, session, person, reapplied=True)
        register.unsweep()  # once more: the worker may have swept in between
    return max(keys, len(again))


async def require_settled(services: Services, elsewhere: Sequence[Erasure] = ()) -> None:
    """Return when no erasure waits, also of those known `elsewhere`, without writing anything.

    Raises:
        SettingsError: one does; this process may not carry it through.
    """
    told = {one.subject for one in register_of(services.settings).read()}
    told |= {one.subject for one in [*await told_by_log(services.log.engine), *elsewhere]}
    if await named_again(services, list(told)) or told - await services.keys.erased():
        raise SettingsError(UNAPPLIED)


async def named_again(services: Services, erased: Sequence[UUID]) -> set[UUID]:
    """Return those of `erased` whom the tables name."""
    named: set[UUID] = set()
    async with services.database.read() as session:
        for start in range(0, len(erased), AT_ONCE):
            some = erased[start : start + AT_ONCE]
            for person in (Profile.person_id, Identity.person_id):
                named |= set(await session.exec(select(person).where(col(person).in_(some))))
    return named


async def sweep_traces(services: Services) -> bool:
    """Remove what the three databases keep of overwritten values, once after each erasure.

    Returns:
        False when something was in the way, or was erased meanwhile: ask again later.
    """
    register = register_of(services.settings)
    if register.is_swept():
        return True
    register.begin_sweep()
    swept = [
        await sweep(services.database.engine, NAMING_TABLES),
        await sweep(services.log.engine, ()),
        await sweep(services.keys.engine, ("subject_key",)),
    ]
    return all(swept) and register.end_sweep()
