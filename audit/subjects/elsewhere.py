"""The register of erasures off this host: each erasure's receipt, wherever heads are kept.

The register beside the databases is gone with the host, or set back together with it. These receipts are not,
and each is verified under the log's keys before anybody is erased anew.
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final
from uuid import UUID

from audit.checkpoints.key_history import trust_of
from audit.checkpoints.trust import Trust
from audit.errors import AuditError
from audit.event import Outcome
from audit.events import Action
from audit.head import Head
from audit.heads.port import KeeperError
from audit.heads.receipts import ReceiptKeeper
from audit.reader import LogReader
from audit.subjects.register import Erasure
from audit.tree import proof
from audit.tree.proof import Proof, format_proof

PATIENCE: Final = 5.0
logger = logging.getLogger(__name__)


class ErasuresElsewhere:
    """What ``keepers`` know of the erasures of the log that ``log`` reads; each may take so many seconds."""

    def __init__(
        self, keepers: Sequence[ReceiptKeeper], log: LogReader, *, patience: float = PATIENCE
    ) -> None:
        self._keepers = tuple(keepers)
        self._log = log
        self._patience = patience
        self._known: dict[str, dict[UUID, Erasure]] = {}
        self._troubles: dict[str, str] = {}

    @property
    def trouble(self) -> str | None:
        """Why a keeper does not know every erasure, in a sentence; None while all is well."""
        return next(iter(self._troubles.values()), None)

    async def recall(self) -> list[Erasure]:
        """Return every erasure that a keeper knows; one that has not answered yet is asked again."""
        history = await self._log.key_history()
        if history:  # else nothing was ever signed that could be verified
            unasked = [one for one in self._keepers if one.name not in self._known]
            await asyncio.gather(*(self._try(one, self._ask(one, trust_of(history))) for one in unasked))
        return list({one.event: one for known in self._known.values() for one in known.values()}.values())

    async def hand_on(self, erasures: Iterable[Erasure]) -> None:
        """Have every keeper that answered keep those that it does not know and that are signed."""
        wanted = list(erasures)
        for keeper in self._keepers:
            if (known := self._known.get(keeper.name)) is not None:
                missing = [one for one in wanted if one.event not in known]
                await self._try(keeper, self._keep(keeper, known, missing))

    async def close(self) -> None:
        """Let go of every keeper's connections."""
        for keeper in self._keepers:
            await keeper.close()

    async def _ask(self, keeper: ReceiptKeeper, trust: Trust) -> None:
        found = [read_receipt(receipt, trust) for receipt in await keeper.receipts()]
        self._known[keeper.name] = {one.event: one for one in found if one is not None}

    async def _keep(
        self, keeper: ReceiptKeeper, known: dict[UUID, Erasure], missing: Sequence[Erasure]
    ) -> None:
        for one in missing:
            receipt = await make_receipt(self._log, one.event)
            if receipt is not None:
                await keeper.keep(one.event, receipt)
                known[one.event] = one

    async def _try(self, keeper: ReceiptKeeper, act: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await act
        except TimeoutError:
            self._note(keeper, f"{keeper.name} did not answer within {self._patience:.0f} seconds.")
        except KeeperError as error:
            self._note(keeper, str(error))
        else:
            self._troubles.pop(keeper.name, None)

    def _note(self, keeper: ReceiptKeeper, sentence: str) -> None:
        if self._troubles.get(keeper.name) != sentence:
            logger.warning("The register of erasures off this host: %s", sentence)
        self._troubles[keeper.name] = sentence


async def make_receipt(log: LogReader, event: UUID) -> bytes | None:
    """Return the receipt of the entry ``event`` of this log; None while it is not signed, or not there."""
    entry = await log.entry_by_id(event)
    signed = None if entry is None else await log.receipt_checkpoint(entry.index)
    if entry is None or signed is None:
        return None
    hashes = await log.inclusion(entry.index, signed.size)
    return format_proof(Proof(entry.index, tuple(hashes), signed.note.encode(), extra=entry.head))


def read_receipt(receipt: bytes, trust: Trust) -> Erasure | None:
    """Return the erasure that a receipt proves; None for anything else, which is passed over."""
    try:
        head = Head.parse(proof.verify(receipt, trust, now=0).entry)
    except AuditError:
        return None
    told = head.action == Action.SUBJECT_ERASE and head.outcome is Outcome.SUCCESS
    if not told or head.resource is None or head.resource.id is None:
        return None
    return Erasure(head.resource.id, head.id, head.time)
