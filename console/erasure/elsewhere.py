"""The register of erasures off this host, by the settings: read at every start, kept up by the worker."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from audit.following.shipper import wait
from audit.heads.receipts import ReceiptFolder, ReceiptIndex, ReceiptKeeper
from audit.heads.state import write_state
from audit.subjects.elsewhere import ErasuresElsewhere
from console.erasure.settle import register_of, require_settled, settle_erasures, sweep_traces
from console.errors import ConsoleError
from console.followers import elasticsearch_cluster
from console.key_copies import prune_copies
from console.services import Services
from console.settings import Settings

POLL_SECONDS: Final = 5.0
ERASURES: Final = "erasures"
"""Name and kind of what the health page is told of this loop."""
logger = logging.getLogger("guildhall")


@asynccontextmanager
async def elsewhere(services: Services) -> AsyncIterator[ErasuresElsewhere]:
    """Yield the register off this host; nobody is asked yet."""
    found = ErasuresElsewhere(receipt_keepers(services.settings), services.log)
    try:
        yield found
    finally:
        await found.close()


def receipt_keepers(settings: Settings) -> list[ReceiptKeeper]:
    """Return who keeps receipts of erasures: whoever keeps heads, and can keep more than heads."""
    given, found = settings.audit, list[ReceiptKeeper]()
    if given.heads.folder is not None:
        found.append(ReceiptFolder(given.heads.folder, given.origin))
    if given.heads.elasticsearch and given.elasticsearch is not None:
        found.append(ReceiptIndex(elasticsearch_cluster(given.elasticsearch), given.origin))
    return found


async def settle_at_start(services: Services) -> None:
    """Carry through every erasure that is known here or off this host, before anything is answered.

    A keeper that does not answer holds nothing up: the worker asks it until it does.

    Raises:
        RegisterError: the register was altered.
        KeyStoreError: the keys cannot be reached.
        AuditUnavailableError: a repeated erasure could not be recorded.
    """
    async with elsewhere(services) as kept:
        await settle_erasures(services, await kept.recall())


async def require_settled_at_start(services: Services) -> None:
    """Return when no erasure waits that is known here or off this host, without writing anything.

    Raises:
        SettingsError: one does; this process may not carry it through.
    """
    async with elsewhere(services) as kept:
        await require_settled(services, await kept.recall())


async def run_erasures(services: Services, stop: asyncio.Event) -> None:
    """Settle, sweep and hand on until `stop` is set; a database or keeper that is away is asked again."""
    async with elsewhere(services) as kept:
        told: str | None = None  # what a former worker said of it was forgotten at this one's start
        while not stop.is_set():
            try:
                await keep_settled(services, kept)
                if kept.trouble != told:
                    await _tell(services, kept.trouble)
                    told = kept.trouble
            except (AuditError, ConsoleError, SQLAlchemyError, OSError) as error:
                logger.warning("An erasure is not complete yet: %s", type(error).__name__)
            await wait(stop, POLL_SECONDS)


async def keep_settled(services: Services, kept: ErasuresElsewhere) -> None:
    """Carry through what is known anywhere, and let all who keep receipts know of it.

    Raises:
        AuditError: as `settle_at_start`.
        ConsoleError: the same.
    """
    await settle_erasures(services, await kept.recall())
    await sweep_traces(services)
    prune_copies(services.settings)
    await kept.hand_on(register_of(services.settings).read())


async def _tell(services: Services, trouble: str | None) -> None:
    sentence = trouble and f"Erasures are not kept off this host: {trouble}"
    await write_state(services.log.engine, ERASURES, ERASURES, services.clock(), trouble=sentence)
