"""The one worker: alone holds the signing key and the log's lease; drains, signs, ships."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from typing import Final

from audit.checkpoints.ending import begin_record, require_growing
from audit.checkpoints.policy_file import format_policy
from audit.checkpoints.signing import Checkpointer, LogKeys, Republishing
from audit.custody.keeper import RecordsKeeper
from audit.custody.prune import Pruner
from audit.database import create_log_engine
from audit.errors import KeyFileError
from audit.lease import Lease, choose_lease
from audit.log import Log
from audit.reader import LogReader
from audit.sequencer import Sequencer, hold_log
from audit.sinks.port import Sink
from audit.subjects.key_folder import KeyFolder
from console.anchors import add_witnesses, open_anchors
from console.break_glass.watch import watch_reviews
from console.campaigns.watch import watch_campaigns
from console.catalog.polling import EvidencePoll
from console.comparing import shipper_for
from console.database import Database
from console.directory.loop import DirectoryLoop
from console.disclosing import ForgettingCopies
from console.effective import record_settings
from console.erasure.elsewhere import run_erasures
from console.errors import SettingsError
from console.followers import build_sinks
from console.freshness.forgetting import Forgetting
from console.gateway.recorder import SPOOL
from console.guard import make_patrol
from console.policies.own_engine import stated
from console.policies.replay_loop import run_replays
from console.policies.signing import BundleSigning
from console.services import Services
from console.unexplained.watch import Watch

LAST_SIGNED: Final = "last-signed.note"


async def run_worker(services: Services, stop: asyncio.Event) -> None:
    """Work until `stop` is set.

    Raises:
        LeaseTakenError: another worker holds this log.
        SettingsError: the signing key is not the log's.
        ForkRefusedError: the log is not the one that was signed last; nothing is signed.
        AuditUnavailableError: what it starts with could not be recorded.
    """
    settings = services.settings
    engine = create_log_engine(settings.log_url)
    log = Log(engine)
    lease = choose_lease(engine, settings.data / "log.lock")
    sinks = build_sinks(settings)
    try:
        keys = await ensure_log(lease, log, services)
        anchors = await open_anchors(services, engine)
        checkpointer = Checkpointer(engine, log, keys, settings.data / LAST_SIGNED, anchors.heads)
        async with hold_log(lease, log), contextlib.aclosing(anchors), stated(services, "worker"):
            # Here, because one that waits outside starts again and again; its settings are of no effect.
            await record_settings(services, "worker")
            sequencer = Sequencer(services.database, log, settings.data / SPOOL, checkpointer, services.clock)
            pruner = Pruner(services.database, log, LogReader(engine), services.clock)
            keeper = RecordsKeeper(pruner, engine, services.clock, sequencer.expect_growth)
            shippers = [shipper_for(services, engine, sink) for sink in sinks]
            patrol = await make_patrol(services, keys.signer.vkey)
            async with asyncio.TaskGroup() as group:
                group.create_task(sequencer.run(stop))
                group.create_task(Watch(services).run(stop))
                group.create_task(BundleSigning(services).run(stop))
                group.create_task(patrol.run(stop))
                group.create_task(keeper.run(stop))
                group.create_task(Forgetting(services.database).run(stop))
                group.create_task(EvidencePoll(services).run(stop))
                group.create_task(ForgettingCopies(services, sinks).run(stop))
                group.create_task(run_erasures(services, stop))
                group.create_task(watch_reviews(services, stop))
                group.create_task(watch_campaigns(services, stop))
                group.create_task(run_replays(services, stop))
                if settings.directory is not None:
                    group.create_task(DirectoryLoop(services, settings.directory).run(stop))
                for loop in (*shippers, *anchors.loops, Republishing(checkpointer, services.clock)):
                    group.create_task(loop.run(stop))
    finally:
        await close_all(sinks, services.database)
        await engine.dispose()


async def ensure_log(lease: Lease, log: Log, services: Services) -> LogKeys:
    """Begin the log at the very first start, publish its verifier keys, and return the keys that sign now.

    Raises:
        SettingsError: the keys are not the log's; nobody could verify what they sign.
        LogFrozenError: the log was ended.
    """
    settings, now = services.settings, services.clock()
    folder = KeyFolder(settings.data / "keys", settings.audit.origin)
    await lease.take()
    try:
        if not await log.exists():
            genesis = begin_record(folder.begin(), profile=settings.profile.value, now=now)
            await log.create(settings.audit.origin, genesis)
        await require_growing(services.log.engine)
        history = await services.log.key_history()
        keys = folder.open(history, now)
        trust = add_witnesses(folder.publish(keys, history), settings)
        folder.publish_policy(format_policy(trust))
    except KeyFileError as error:
        raise SettingsError(str(error)) from None
    finally:
        await lease.release()
    return keys


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
