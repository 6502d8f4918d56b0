"""The one worker: alone holds the signing key and the log's lease; drains, signs, ships."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence

from audit.checkpoint import FileSigner
from audit.custody.keeper import RecordsKeeper
from audit.custody.prune import Pruner
from audit.database import create_log_engine
from audit.lease import Lease, choose_lease
from audit.log import Log, genesis_record
from audit.reader import LogReader
from audit.sequencer import Sequencer, hold_log
from audit.shipper import Shipper
from audit.signing import Checkpointer
from audit.sinks.port import Sink
from console.database import Database
from console.erasure.settle import run_erasures
from console.errors import SettingsError
from console.followers import build_sinks
from console.gateway.recorder import SPOOL
from console.guard import make_patrol
from console.installation import first_flags
from console.services import Services
from console.unexplained.watch import Watch


async def run_worker(services: Services, stop: asyncio.Event) -> None:
    """Work until `stop` is set.

    Raises:
        LeaseTakenError: another worker holds this log.
        SettingsError: the signing key is not the log's.
        ForkRefusedError: the log is not the one that was signed last; nothing is signed.
    """
    settings = services.settings
    engine = create_log_engine(settings.log_url)
    signer = FileSigner.load_or_create(settings.data / "keys" / "log.key", settings.audit.origin)
    log = Log(engine)
    checkpointer = Checkpointer(engine, log, signer, settings.data / "last-signed.note")
    lease = choose_lease(engine, settings.data / "log.lock")
    sinks = build_sinks(settings)
    try:
        await ensure_log(lease, log, signer, services)
        async with hold_log(lease, log):
            sequencer = Sequencer(services.database, log, settings.data / SPOOL, checkpointer, services.clock)
            pruner = Pruner(services.database, log, LogReader(engine), services.clock)
            keeper = RecordsKeeper(pruner, engine, services.clock, sequencer.expect_growth)
            shippers = [Shipper(engine, sink, services.clock) for sink in sinks]
            async with asyncio.TaskGroup() as group:
                group.create_task(sequencer.run(stop))
                group.create_task(Watch(services).run(stop))
                group.create_task(make_patrol(services, signer.vkey).run(stop))
                group.create_task(keeper.run(stop))
                group.create_task(run_erasures(services, stop))
                for shipper in shippers:
                    group.create_task(shipper.run(stop))
    finally:
        await close_all(sinks, services.database)
        await engine.dispose()


async def ensure_log(lease: Lease, log: Log, signer: FileSigner, services: Services) -> None:
    """Begin the log at the very first start, and publish its verifier key beside the signing key.

    Raises:
        SettingsError: the key is not the one the log began with; nobody could verify what it signs.
    """
    settings = services.settings
    await lease.take()
    try:
        if not await log.exists():
            now = services.clock()
            genesis = genesis_record(profile=settings.profile.value, vkey=signer.vkey, now=now)
            await log.create(settings.audit.origin, genesis)
    finally:
        await lease.release()
    if await first_flags(services.log, "vkey:") != [signer.vkey]:
        raise SettingsError("The key in keys/log.key is not the one this log began with: restore that one.")
    (settings.data / "keys" / "log.vkey").write_text(signer.vkey + "\n", "utf-8")


async def close_all(sinks: Sequence[Sink], database: Database) -> None:
    """Close what the worker opened; one that fails does not keep the others open."""
    for sink in sinks:
        with contextlib.suppress(Exception):
            await sink.close()
    await database.close()


def stop_on_signal(stop: asyncio.Event) -> None:
    """Set `stop` when the process is told to end."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
