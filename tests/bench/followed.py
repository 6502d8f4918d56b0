"""A signed log for the measurements of followers: heads of calls as the gateway writes them."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint
from audit.database import for_writing
from audit.event import Outcome, Resource
from audit.head import Head
from audit.models import checkpoint, entry
from audit.sinks import Shipment
from audit.tree.merkle import Frontier, leaf_hash
from tests.audit.sinks.signed_log import open_log, row

ORIGIN = "guildhall.bench/log"
START = 1_800_000_000_000_000
AT_ONCE = 5_000


@asynccontextmanager
async def a_log(folder: Path, size: int) -> AsyncIterator[AsyncEngine]:
    """Open a log of ``size`` calls with one checkpoint over all of them."""
    async with open_log(folder) as log:
        frontier = Frontier()
        for first in range(0, size, AT_ONCE):
            entries = calls(first, min(first + AT_ONCE, size))
            for one in entries:
                frontier.append(one.leaf)
            async with for_writing(log.engine).begin() as connection:
                await connection.execute(sa.insert(entry), [row(one) for one in entries])
        signer = FileSigner(ORIGIN, Ed25519PrivateKey.generate())
        note = sign_checkpoint(Checkpoint(ORIGIN, size, frontier.root()), signer).decode()
        async with for_writing(log.engine).begin() as connection:
            await connection.execute(sa.insert(checkpoint).values(size=size, note=note, time=START))
        yield log.engine


def calls(first: int, last: int) -> Sequence[Shipment]:
    """Return the entries from ``first`` up to but not including ``last``, the same at each call."""
    return [call(index) for index in range(first, last)]


def call(index: int) -> Shipment:
    """Return the entry of one call."""
    chance = hashlib.sha512(index.to_bytes(8, "big")).digest()
    head = Head(
        id=UUID(bytes=chance[:16], version=4),
        time=START + index * 997,
        action="model.invoke",
        outcome=Outcome.SUCCESS,
        actor=UUID(int=1_000 + index % 97),
        resource=Resource(type="route", id=UUID(int=2_000 + index % 13)),
        grant=UUID(int=3_000 + index % 97),
        decision=UUID(bytes=chance[16:32], version=4),
        policy="5f" * 32,
        producer="gateway-0",
        number=index,
        retention="invoke",
        body=chance[32:].hex(),
    ).to_bytes()
    return Shipment(index, head, leaf_hash(head))
