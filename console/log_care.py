"""What is done to the log on its own host, while no worker runs: another key, its end, a successor."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from audit.checkpoints import carrying, ending
from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.key_history import KeyPeriod, trust_of
from audit.checkpoints.last_signed import LastSigned
from audit.checkpoints.policy_file import format_policy
from audit.checkpoints.signing import Checkpointer, LogKeys
from audit.database import create_log_engine
from audit.errors import NoteError
from audit.lease import choose_lease
from audit.log import Log
from audit.reader import LogReader
from audit.sequencer import hold_log
from audit.subjects.key_folder import KeyFolder
from console.anchors import add_witnesses, open_anchors
from console.clock import DAY, Clock, system_clock
from console.custody.log_keys import find_approval, wanted
from console.errors import SettingsError
from console.first_days import has_second_admin
from console.models import SINGLE_PERSON, Installation
from console.services import Services, build
from console.settings import Settings
from console.worker import LAST_SIGNED

UNALLOWED: Final = (
    "Two people have to agree to exactly this: ask by `guildhall audit key ask`, or on the page Records, let "
    "a reviewer sign it, and let the worker write the answer to the log before it is stopped."
)
SILENT: Final = "None of those who remember how far the log was signed answers; nothing was changed."


@dataclass(frozen=True, slots=True)
class Succession:
    """The former log's last checkpoint, and how many statements of rows were carried over from it.

    `carried` is None where its entries are not those it signed: then every row counts as unexplained.
    """

    last: Checkpoint
    carried: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """The log, held by this command alone."""

    services: Services
    engine: AsyncEngine
    log: Log
    folder: KeyFolder

    async def sign(self, keys: LogKeys) -> Checkpoint | None:
        """Sign the log as it stands, once whoever remembers it was asked; they are told, too."""
        anchors = await open_anchors(self.services, self.engine)
        try:
            await anchors.heads.run_once()
            path = self.services.settings.data / LAST_SIGNED
            signs = Checkpointer(self.engine, self.log, keys, path, anchors.heads)
            if signs.trouble is not None:
                raise SettingsError(SILENT)
            signed = await signs.sign(self.services.clock())
            await anchors.heads.run_once()
        finally:
            await anchors.aclose()
        return signed


async def rotate_key(
    settings: Settings, *, overlap_days: int, lost: bool, clock: Clock = system_clock
) -> KeyPeriod:
    """Give the log new keys and return the Ed25519 one with the sizes it signs.

    The former keys sign beside them for `overlap_days`; not at all when they are `lost`.

    Raises:
        LeaseTakenError: a worker runs.
        KeyFileError: the former key is not here, and was not said to be lost.
        SettingsError: no two people agreed to exactly this.
        ForkRefusedError: the log is not the one that was signed.
    """
    async with _holding(settings, clock) as held:
        now, history = held.services.clock(), await held.services.log.key_history()
        leave = await _leave(held, wanted("rotate", overlap_days, lost=lost))
        if not lost:
            await held.sign(held.folder.open(history, now))  # what is unsigned is still the former key's
        until = 0 if lost else now + overlap_days * DAY
        rotation = ending.Rotation(history[-1].vkey, held.folder.prepare(), until, leave)
        await ending.rotate(held.engine, held.log, rotation, now)
        history = await held.services.log.key_history()
        keys = held.folder.open(history, now)
        trust = add_witnesses(held.folder.publish(keys, history), settings)
        held.folder.publish_policy(format_policy(trust))
        await held.sign(keys)
    return history[-1]


async def freeze_log(settings: Settings, clock: Clock = system_clock) -> Checkpoint:
    """End the log and return its last checkpoint.

    Raises:
        LeaseTakenError: a worker runs.
        LogFrozenError: it was ended before.
        SettingsError: no two people agreed to this.
        ForkRefusedError: the log is not the one that was signed; `guildhall audit succeed` cites the other.
    """
    async with _holding(settings, clock) as held:
        now = held.services.clock()
        keys = held.folder.open(await held.services.log.key_history(), now)
        leave = await _leave(held, wanted("end"))
        await held.sign(keys)  # a log that was set back is refused before anything is written
        await ending.freeze(held.log, now, leave)
        last = await held.sign(keys)
    if last is None:
        raise SettingsError("The log was ended, but not signed: run the command again.")
    return last


async def _leave(held: Held, asked: Mapping[str, object]) -> ending.Leave:
    """Return what allows it: an approved change, or, flagged, that there is no second admin yet.

    Raises:
        SettingsError: there is a second admin, and nobody has approved exactly this.
    """
    services = held.services
    async with services.database.read() as session:
        found = await find_approval(services, session, asked)
        if found is None and not await has_second_admin(session):
            return ending.Leave(flags=(SINGLE_PERSON,))
    if found is None:
        raise SettingsError(UNALLOWED)
    return ending.Leave(request=found)


async def succeed_log(settings: Settings, former_url: str, cited: Path | None = None) -> Succession:
    """Begin the log of a new `audit.origin` after the one at `former_url`.

    The first entry cites that one's last checkpoint: the newest that the database, this host or the file
    `cited` holds. The next ones state again what its acts said of rows, where it is still what was signed.

    Raises:
        LeaseTakenError: a worker runs.
        LogExistsError: the new log already began.
        SettingsError: the origin is the former one's, or nothing of the former log was ever signed.
    """
    services, former = build(settings), create_log_engine(former_url)
    try:
        last, lost = await _last_of(settings, LogReader(former), cited)
        stated = await _stated_by(former)
        lease = choose_lease(services.log.engine, settings.data / "log.lock")
        await lease.take()
        try:
            log = await _begin_after(services, last, lost)
            await carrying.carry_over(log, stated or (), services.clock())
            await ending.take_over_spools(former, services.log.engine)
        finally:
            await lease.release()
    finally:
        await former.dispose()
        await services.close()
    return Succession(last, None if stated is None else len(stated))


async def _stated_by(former: AsyncEngine) -> list[carrying.Stated] | None:
    """Return what the former log's acts said of rows; None where its entries are not those it signed."""
    reader = LogReader(former)
    stored = await reader.latest_checkpoint()
    if stored is None:
        return None
    try:
        trust = trust_of(await reader.key_history())
        return await carrying.read_stated(former, trust.check(stored.note.encode(), now=0, whole=False))
    except (NoteError, carrying.FormerAlteredError):
        return None


async def _last_of(settings: Settings, former: LogReader, cited: Path | None) -> tuple[Checkpoint, int]:
    """Return the last checkpoint that was signed of the former log, and how many of its entries are lost."""
    notes = [LastSigned(settings.data / LAST_SIGNED).read()]
    stored = await former.latest_checkpoint()
    notes += [stored.note if stored else None, LastSigned(cited).read()]
    trust = trust_of(await former.key_history())
    found = []
    for note in notes:
        try:
            found += [trust.check(note.encode(), now=0, whole=False)] if note else []
        except NoteError:
            continue  # of another log than this one
    if not found:
        raise SettingsError("Nothing of the former log was ever signed, so there is nothing to cite.")
    last = max(found, key=lambda one: one.size)
    if last.origin == settings.audit.origin:
        raise SettingsError(f"Setting audit.origin is still {last.origin}: a new log needs a new name.")
    return last, max(0, last.size - await former.size())


async def _begin_after(services: Services, last: Checkpoint, lost: int) -> Log:
    settings, log = services.settings, Log(services.log.engine)
    keys = KeyFolder(settings.data / "keys", settings.audit.origin).succeed()
    record = ending.begin_record(
        keys, profile=settings.profile.value, now=services.clock(), after=last, lost=lost
    )
    await log.create(settings.audit.origin, record)
    LastSigned(settings.data / LAST_SIGNED).set_aside(f"{LAST_SIGNED}.former")
    async with services.database.write() as session:
        found = (await session.exec(select(Installation))).first()
        if found is not None:
            found.origin = settings.audit.origin
            session.add(found)
    return log


@asynccontextmanager
async def _holding(settings: Settings, clock: Clock) -> AsyncIterator[Held]:
    """Hold the log as a worker does; a running one keeps it."""
    services, engine = build(settings, clock), create_log_engine(settings.log_url)
    log, lease = Log(engine), choose_lease(engine, settings.data / "log.lock")
    folder = KeyFolder(settings.data / "keys", settings.audit.origin)
    try:
        async with hold_log(lease, log):
            yield Held(services, engine, log, folder)
    finally:
        await engine.dispose()
        await services.close()
