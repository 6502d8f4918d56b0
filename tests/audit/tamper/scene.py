"""A log of 700 entries and all that watch over it: auditor, witness, Elasticsearch, the worker's check."""

import asyncio
import shutil
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from aiohttp.web import AppRunner

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint, verify_checkpoint
from audit.checkpoints.last_signed import ForkRefusedError
from audit.checkpoints.trust import Trust
from audit.checks.selfcheck import SelfCheck
from audit.errors import AuditError, ProofError
from audit.following.deep import reconcile_deep
from audit.models import body, checkpoint, entry, log_head, published, tile
from audit.reader import LogReader
from audit.sinks import Shipment
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.indexed import ElasticsearchSink
from audit.tree import merkle, tiles
from audit.tree.extends import verify_extends
from audit.tree.merkle import Frontier
from audit.verify import verify
from audit.witness.judge import Refusal, judge, read_checkpoint
from audit.witness.wire import AddCheckpoint
from tests.audit.exports import export, grow, write
from tests.audit.log_store import ORIGIN, Store
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.audit.sinks.fake_queries import Document, Key

SIZE = 700
KEPT = (300, 700)
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


@dataclass(frozen=True)
class Template:
    """What every case begins with: the log's folder, and the documents that Elasticsearch holds of it."""

    folder: Path
    documents: dict[Key, Document]


@dataclass
class Scene:
    """One copy of the template, with its watchers."""

    store: Store
    fake: FakeElasticsearch
    sink: ElasticsearchSink
    copy: Path
    kept: Sequence[Path]
    taken: bool = field(default=False)

    async def take_away(self) -> Path:
        """Export the log as it is now; later changes to the database do not change the export."""
        await export(self.store, self.copy)
        self.taken = True
        return self.copy

    async def alter(self, *statements: str) -> None:
        """Do as a database administrator can: drop the triggers, then change what is stored."""
        async with self.store.engine.begin() as connection:
            for name in (await connection.exec_driver_sql(TRIGGERS)).scalars().all():
                await connection.exec_driver_sql(f"DROP TRIGGER {name}")
            for statement in statements:
                await connection.exec_driver_sql(statement)

    async def heads(self) -> list[bytes]:
        return [one.head for one in await LogReader(self.store.engine).entries(range(SIZE + 1_000))]

    async def rewrite(self, heads: Sequence[bytes], signer: FileSigner, *, host: bool = True) -> None:
        """Make the database tell another history in step with itself; with `host` also the file beside it."""
        await self.alter("DELETE FROM tile", "DELETE FROM checkpoint")
        leaves = [merkle.leaf_hash(head) for head in heads]
        note = sign_checkpoint(Checkpoint(ORIGIN, len(heads), merkle.root(leaves)), signer).decode()
        frontier = Frontier()
        frontier.extend(leaves)
        async with self.store.engine.begin() as connection:
            for table in (entry, body):
                await connection.execute(table.delete().where(table.c.index >= len(heads)))
            for index, head in enumerate(heads):
                changed = entry.update().where(entry.c.index == index, entry.c.head != head)
                await connection.execute(changed.values(head=head, leaf=leaves[index]))
            await connection.execute(sa.insert(tile), list(tile_rows(leaves)))
            await connection.execute(sa.insert(checkpoint).values(size=len(heads), note=note, time=1))
            await connection.execute(published.update().values(size=len(heads), note=note))
            grown = {"size": len(heads), "frontier": b"".join(frontier.hashes)}
            await connection.execute(log_head.update().values(**grown))
        if host:
            (self.store.folder / "last-signed").write_text(note)

    async def noticed_by(self) -> set[str]:
        """Ask every watcher; return the letters of those that notice."""
        if not self.taken:
            await self._try_to_export()
        watchers = {"F": self._f, "C": self._c, "W": self._w, "E": self._e, "S": self._s}
        return {letter for letter, watch in watchers.items() if await watch()}

    async def _try_to_export(self) -> None:
        try:
            await export(self.store, self.copy)
        except AssertionError:
            write(
                self.copy / "vkey", b""
            )  # what cannot be exported whole has no checkpoint, and does not hold

    async def _f(self) -> bool:
        """The offline verifier, on the export, under the key that was pinned."""
        return not verify(self.copy, self.store.signer.vkey).ok

    async def _c(self) -> bool:
        """An auditor who kept checkpoints."""
        trust = Trust.of_keys([self.store.signer.vkey])
        return not all(verify_extends(self.copy, kept, trust).ok for kept in self.kept)

    async def _w(self) -> bool:
        """A witness that cosigned the log at 700 entries is shown the checkpoint of the export."""
        trust = Trust.of_keys([self.store.signer.vkey])
        last = trust.check(self.kept[-1].read_bytes(), now=0)
        note = (self.copy / "checkpoint").read_bytes() if (self.copy / "checkpoint").exists() else b""
        try:
            request = AddCheckpoint(last.size, (), note)
            fresh = read_checkpoint(request, {ORIGIN: trust}, 0)
            proof = tiles.consistency_proof(last.size, fresh.size, tiles_of(self.copy, fresh.size))
            judge(AddCheckpoint(last.size, tuple(proof), note), fresh, last)
        except (Refusal, ProofError):
            return True
        return False

    async def _e(self) -> bool:
        """The deep comparison with Elasticsearch, under the checkpoint that the log shows."""
        found = await LogReader(self.store.engine).latest_checkpoint()
        note = found.note.encode() if found else b""
        try:
            signed = verify_checkpoint(note, self.store.signer.vkey)
        except AuditError:
            signed = verify_checkpoint(self.kept[-1].read_bytes(), self.store.signer.vkey)
        return not (await reconcile_deep(self.store.engine, self.sink, signed)).exact

    async def _s(self) -> bool:
        """The worker that starts: it looks at what is stored, and refuses to sign what it must not."""
        believe = partial(verify_checkpoint, vkey=self.store.signer.vkey)
        check = SelfCheck(self.store.engine, believe, self.store.keys.find_all)
        found = [await check.check_tree()]
        found += [await check.check_chunk(number) for number in range(await check.count_chunks())]
        return any(found) or await self._refuses_to_sign()

    async def _refuses_to_sign(self) -> bool:
        log = self.store.log()
        await log.take_epoch()
        try:
            await self.store.checkpointer(log, remembers=True).sign(self.store.clock())
        except ForkRefusedError:
            return True
        return False


def tiles_of(folder: Path, size: int) -> tiles.HashesAt:
    """How a log's own tiles are read to prove something to a witness."""

    def hashes_at(level: int, first: int, count: int) -> Sequence[bytes]:
        number = first // tiles.TILE_WIDTH
        path = folder / tiles.tile_path(level, number, tiles.tile_width(level, number, size))
        return tiles.cut_hashes(path.read_bytes(), first, count)

    return hashes_at


def tile_rows(leaves: Sequence[bytes]) -> list[dict[str, object]]:
    """The rows of the table of tiles over these leaf hashes."""
    rows = []
    for path, hashes in tiles.hash_tiles(leaves):
        _, level, number = path.partition(".p/")[0].split("/")
        rows.append({"level": int(level), "number": int(number), "hashes": hashes})
    return rows


def make_template(folder: Path) -> Template:
    """Make the log, sign it at 300 and at 700 entries, and ship it."""

    async def make() -> Template:
        store = await Store.open(folder)
        store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
        log = await store.begin()
        done = 1
        for size in KEPT:
            await grow(store, log, size - done, remembers=True)
            done = size
            found = await LogReader(store.engine).latest_checkpoint()
            assert found is not None
            write(folder / f"kept-{size}", found.note.encode())
        documents = await ship(store)
        await store.close()
        return Template(folder, documents)

    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(make())


async def ship(store: Store, first: int = 0, fake: FakeElasticsearch | None = None) -> dict[Key, Document]:
    """Deliver the entries from `first` on to a small Elasticsearch; return what it holds."""
    cluster = fake or FakeElasticsearch()
    runner = None if fake else await server.start(cluster)
    sink = open_elasticsearch(cluster.url, origin=ORIGIN)
    entries = await LogReader(store.engine).entries(range(first, SIZE + 1_000))
    batch = [Shipment(one.index, one.head, one.leaf) for one in entries]
    assert (await sink.deliver(batch)).acknowledged == len(batch)
    await sink.close()
    if runner:
        await runner.cleanup()
    return cluster.documents


async def open_scene(template: Template, folder: Path) -> tuple[Scene, AppRunner]:
    """Copy the template and start its Elasticsearch."""
    shutil.copytree(template.folder, folder)
    store = Store.at(folder)
    store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
    fake = FakeElasticsearch(documents=deepcopy(template.documents))
    runner = await server.start(fake)
    sink = open_elasticsearch(fake.url, origin=ORIGIN)
    return Scene(store, fake, sink, folder / "export", [folder / f"kept-{size}" for size in KEPT]), runner
