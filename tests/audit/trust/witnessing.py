"""A witness of ours behind real HTTP on loopback, and what tests ask of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from audit.checkpoints.cosignature import FileCosigner
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.trust import Trust
from audit.sinks.http import HttpClient
from audit.witness.client import WitnessClient
from audit.witness.memory import WitnessMemory
from audit.witness.server import WitnessServer
from tests.audit.trust.notes import NOW, witness_key
from tests.patience import PATIENCE

LOOPBACK = ("127.0.0.0/8",)


@dataclass
class RunningWitness:
    """One witness: its address, its key, its memory."""

    url: str
    key: FileCosigner
    memory: WitnessMemory

    def client(self, origin: str, *vkeys: str, key: FileCosigner | None = None) -> WitnessClient:
        """A log's way to it."""
        trust = Trust.of_keys(vkeys)
        http = HttpClient(self.url, networks=LOOPBACK, timeout=PATIENCE)
        return WitnessClient(http, parse_any_vkey((key or self.key).vkey), origin, lambda: trust)


@contextlib.asynccontextmanager
async def run_witness(
    folder: Path, number: int, trusted: dict[str, Trust], port: int = 0, now: int = NOW
) -> AsyncIterator[RunningWitness]:
    """Serve a witness until the block ends; it remembers in ``folder``."""
    key, memory = witness_key(number), WitnessMemory(folder / f"witness-{number}.db")
    app = WitnessServer([key], trusted, memory, lambda: now)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", access_log=False, ws="none"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined,method-assign]
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells in no other way
        await asyncio.sleep(0.005)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield RunningWitness(f"http://127.0.0.1:{bound}", key, memory)
    finally:
        server.should_exit = True
        await task
