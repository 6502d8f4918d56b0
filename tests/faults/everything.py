"""The whole product is killed at random moments under load, Elasticsearch follows, then all is compared."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.following.deep import DeepReconciliation, reconcile_deep
from audit.following.reconcile import Reconciliation, reconcile
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from tests.faults.conftest import Installation, open_installation
from tests.faults.test_kill_the_gateway import Entry, Load, entries, seen_by
from tests.patience import PATIENCE

SHORTEST, LONGEST = 0.0, 0.5
CAUGHT_UP_SECONDS = 5 * PATIENCE


@dataclass(frozen=True)
class Aftermath:
    """What the cluster saw, what the log says, and what Elasticsearch holds, after the last restart."""

    kills: int
    seen: int
    seen_unrecorded: int
    answered: int
    answered_unrecorded: int
    recorded_twice: int
    unknown: int
    counted: Reconciliation
    compared: DeepReconciliation


async def kill_everything(folder: Path, url: str, kills: int) -> Aftermath:
    """Start, load, kill, so many times; start once more and compare cluster, log and Elasticsearch."""
    origin = f"kill.example/{uuid4().hex}"
    sink = open_elasticsearch(url, origin=origin, timeout=PATIENCE)
    async with open_installation(folder, elasticsearch={"url": url}, origin=origin) as installation:
        load, chance = Load(installation), random.Random()  # noqa: S311 -- any moment will do
        for _ in range(kills):
            await installation.start()
            calling = asyncio.create_task(load.run(installation.token()))
            await load.flows()
            await asyncio.sleep(chance.uniform(SHORTEST, LONGEST))  # the moment of the kill, not a wait
            installation.kill()
            await calling
        await installation.start()
        await all_recorded(installation, load)
        counted, compared = await compare(installation, sink)
        aftermath = await look(installation, load, kills, counted, compared)
    await sink.close()
    return aftermath


async def all_recorded(installation: Installation, load: Load) -> None:
    """Wait until the restarted worker has closed every call of the processes that died."""
    async with asyncio.timeout(CAUGHT_UP_SECONDS):
        while not _holds_all(await entries(installation), installation, load):  # noqa: ASYNC110 -- no event
            await asyncio.sleep(0.5)


def _holds_all(found: Sequence[Entry], installation: Installation, load: Load) -> bool:
    seen, answered = seen_by(installation), load.answered
    return seen <= {one.request for one in found} and answered <= {str(one.head["id"]) for one in found}


async def compare(
    installation: Installation, sink: ElasticsearchSink
) -> tuple[Reconciliation, DeepReconciliation]:
    """Compare until both comparisons are exact, or the time is up; the log goes on growing meanwhile."""
    log, loop = installation.services.log, asyncio.get_running_loop()
    vkey = (installation.settings.data / "keys" / "log.vkey").read_text("utf-8").strip()
    end = loop.time() + CAUGHT_UP_SECONDS
    while True:
        signed = await log.latest_checkpoint()
        assert signed is not None
        counted = await reconcile(log.engine, sink)
        compared = await reconcile_deep(log.engine, sink, verify_checkpoint(signed.note.encode(), vkey))
        if (counted.exact and compared.exact) or loop.time() > end:
            return counted, compared
        await asyncio.sleep(1)


async def look(
    installation: Installation,
    load: Load,
    kills: int,
    counted: Reconciliation,
    compared: DeepReconciliation,
) -> Aftermath:
    """Add up what cluster, callers and log say."""
    found, seen = await entries(installation), seen_by(installation)
    outcomes = {str(one.head["id"]): one.head["outcome"] for one in found}
    requests = Counter(one.request for one in found)
    return Aftermath(
        kills=kills,
        seen=len(seen),
        seen_unrecorded=len(seen - requests.keys()),
        answered=len(load.answered),
        answered_unrecorded=sum(outcomes.get(one) != "success" for one in load.answered),
        recorded_twice=sum(times - 1 for times in requests.values()),
        unknown=sum(one == "unknown" for one in outcomes.values()),
        counted=counted,
        compared=compared,
    )
