"""The follower that keeps documents in Elasticsearch: create-only, with ids fixed by the entry's index.

Per entry: created is stored; there already is compared, and a difference is an alarm; refused fields go to
quarantine with the original only, so that the count stays exact; everything else stops the batch, which is
sent again with the same ids. A request without an answer may have arrived, and counts as one that did not.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from audit import ecs
from audit.sinks.bulk import CREATED, UNANSWERED, Item, Verdict, read_items
from audit.sinks.cluster import Cluster, ClusterError
from audit.sinks.copies import Copy
from audit.sinks.held import Held
from audit.sinks.layout import Layout
from audit.sinks.mapping import DETAILS
from audit.sinks.port import Census, Delivery, Health, Remake, Selection, Shipment
from audit.sinks.prepared import MAX_BATCH, Prepared, create_lines, cut
from audit.sinks.rewriting import Rewriting
from audit.sinks.scan import scan
from audit.sinks.tally import Tally

IN_FLIGHT: Final = 2
"""Requests under way at once: one is indexed while the other is prepared."""

BATCH: Final = 4_000
GROW_AFTER: Final = 16
"""So many batches are taken before one that was found too large is tried twice as large again."""


class ElasticsearchSink:
    """Ships to plain indices named by index range, or to a data stream.

    Args:
        cluster: where to.
        origin: the log's name, part of every ``_id``.
        layout: the names of indices.
        name: the key of the cursor.
    """

    def __init__(self, cluster: Cluster, *, origin: str, layout: Layout, name: str) -> None:
        self._cluster = cluster
        self._origin = origin
        self._layout = layout
        self._name = name
        self._tally = Tally(cluster, origin=origin, pattern=layout.pattern)
        self._held = Held(cluster, layout)
        self._rewriting = Rewriting(cluster, layout, origin=origin)
        self._prepared = False
        self._widened = False
        self._limit = MAX_BATCH
        self._untroubled = 0
        self._doubted: int | None = None

    @property
    def name(self) -> str:
        """The key of its cursor."""
        return self._name

    @property
    def batch(self) -> int:
        """Entries to be handed over at once: enough to keep the requests under way one after the other."""
        return BATCH

    async def close(self) -> None:
        """Close the connections."""
        await self._cluster.close()

    async def ping(self) -> Health:
        """Say how the cluster is, and how far it holds this log."""
        return await self._tally.ping()

    async def count(self, size: int, step: int) -> Census:
        """Count the documents of entries below ``size``, and those beyond.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return await self._tally.count(size, step)

    async def indexes(self, first: int, last: int) -> Sequence[int]:
        """Return the indexes held from ``first`` up to but not including ``last``, with repetitions.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return await self._tally.indexes(first, last)

    def copies(self) -> AsyncIterator[Sequence[Copy]]:
        """Yield every document of this log as it is now, by index, some at a time.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return scan(self._cluster, self._layout, origin=self._origin)

    async def rewrite(self, which: Selection, remake: Remake) -> int:
        """Write the selected copies anew, and return how many there were.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return await self._rewriting.rewrite(which, remake)

    async def expunge(self) -> int:
        """Merge away what was overwritten; return how many overwritten copies were kept until now.

        Raises:
            SinkError: Elasticsearch cannot be asked now.
        """
        return await self._rewriting.expunge()

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Create the documents that are not there yet, and compare those that are."""
        try:
            await self._make_ready()
            await self._widen(entries)
            done = await self._deliver_in_turns(entries)
        except ClusterError as error:
            done = Delivery(0, blocked=str(error))
        if entries and self._doubted is not None:
            self._doubted = max(self._doubted, entries[-1].index + 1)
        # After any doubt the cluster may be another, empty one: its templates are put again.
        self._prepared = self._prepared and done.blocked is None
        self._widened = self._widened and done.blocked is None
        self._grow(done)
        return done

    def _grow(self, done: Delivery) -> None:
        """Try larger requests again: a few entries may have been too large, or the limit was raised since."""
        if self._limit < MAX_BATCH and done.blocked is None:
            self._untroubled += 1
            if self._untroubled >= GROW_AFTER:
                self._limit, self._untroubled = min(2 * self._limit, MAX_BATCH), 0

    async def _make_ready(self) -> None:
        if not self._prepared:
            for name, template in self._layout.templates():
                await self._cluster.put_template(name, template)
            self._prepared = True
        if self._layout.stream and self._doubted is None:
            # Who shipped here before may not have lived to see the answer to its last request.
            self._doubted = await self._tally.find_end()

    async def _widen(self, entries: Sequence[Shipment]) -> None:
        """Let indices from before be searched for details: else these could not be forgotten."""
        if not self._widened and any(entry.told for entry in entries):
            await self._cluster.put_fields(self._layout.pattern, DETAILS)
            self._widened = True

    async def _deliver_in_turns(self, entries: Sequence[Shipment]) -> Delivery:
        """Keep ``IN_FLIGHT`` requests under way, and count their outcomes in order."""
        done, flying = Delivery(0), deque[asyncio.Task[Delivery]]()
        try:
            for batch in cut(entries, origin=self._origin, layout=self._layout, limit=self._limit):
                flying.append(asyncio.create_task(self._deliver_whole(batch)))
                if len(flying) == IN_FLIGHT:
                    done = extend(done, await flying.popleft())
                if done.blocked is not None:
                    break
            while flying and done.blocked is None:
                done = extend(done, await flying.popleft())
        finally:
            # What is still under way lies behind a gap: its outcome is waited for, and not counted.
            await asyncio.gather(*flying, return_exceptions=True)
        return done

    async def _deliver_whole(self, batch: Sequence[Prepared]) -> Delivery:
        done = Delivery(0)
        while done.acknowledged < len(batch) and done.blocked is None:
            first = done.acknowledged
            done = extend(done, await self._deliver_piece(batch[first : first + self._limit]))
        return done

    async def _deliver_piece(self, piece: Sequence[Prepared]) -> Delivery:
        try:
            return await self._settle(piece, await self._create(piece))
        except ClusterError as error:
            if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(piece) > 1:
                self._limit, self._untroubled = len(piece) // 2, 0
                return Delivery(0)
            return Delivery(0, blocked=str(error))

    async def _create(self, piece: Sequence[Prepared]) -> dict[str, Item]:
        """Send what may not be there yet, and return the outcome of each entry by its document's id."""
        known = await self._find_doubted(piece)
        lines = [one.lines for one in piece if one.lines is not None and one.id not in known]
        answered = await self._bulk(lines) if lines else {}
        unreadable = {one.id: Item(Verdict.REFUSED, "no_head") for one in piece if one.lines is None}
        return {**answered, **known, **unreadable}

    async def _find_doubted(self, piece: Sequence[Prepared]) -> dict[str, Item]:
        """Return those that a data stream holds from before: it would take them a second time."""
        if self._doubted is None or piece[0].entry.index >= self._doubted:
            return {}
        return {identity: Item(Verdict.EXISTS) for identity in await self._held.find(piece)}

    async def _settle(self, piece: Sequence[Prepared], items: Mapping[str, Item]) -> Delivery:
        """Follow up on the outcomes, up to the first entry that was not taken."""
        if all(items.get(one.id) is CREATED for one in piece):
            return Delivery(len(piece))
        outcomes = [items.get(one.id, UNANSWERED) for one in piece]
        blocks = [place for place, item in enumerate(outcomes) if item.verdict is Verdict.BLOCKED]
        taken = list(zip(piece, outcomes, strict=True))[: blocks[0] if blocks else None]
        existing = [one for one, item in taken if item.verdict is Verdict.EXISTS]
        refused = [one for one, item in taken if item.verdict is Verdict.REFUSED]
        differing = await self._held.differing(existing) if existing else ()
        more = await self._set_aside(refused) if refused else ()
        stopped = piece[blocks[0]].entry.index if blocks else None
        return Delivery(
            acknowledged=len(taken),
            quarantined=tuple(one.entry.index for one in refused),
            tampered=tuple(sorted({*differing, *more})),
            blocked=f"Elasticsearch did not take entry {stopped}: {outcomes[blocks[0]].error}."
            if blocks
            else None,
        )

    async def _set_aside(self, refused: Sequence[Prepared]) -> Sequence[int]:
        """Keep the originals of ``refused``; return the indexes under which something else is kept."""
        items = await self._bulk([self._original(one) for one in refused])
        verdicts = {one.id: items.get(one.id, UNANSWERED).verdict for one in refused}
        kept = {Verdict.STORED, Verdict.EXISTS}
        lost = [one.entry.index for one in refused if verdicts[one.id] not in kept]
        if lost:
            raise ClusterError(f"Elasticsearch did not take entry {lost[0]} into quarantine.")
        existing = [one for one in refused if verdicts[one.id] is Verdict.EXISTS]
        return await self._held.differing_apart(existing) if existing else ()

    def _original(self, one: Prepared) -> bytes:
        entry = one.entry
        document = ecs.original_only(entry.index, entry.head, entry.leaf, origin=self._origin)
        return create_lines(self._layout.quarantine, one.id, document)

    async def _bulk(self, operations: Sequence[bytes]) -> dict[str, Item]:
        return read_items(await self._cluster.bulk(operations))


def extend(done: Delivery, more: Delivery) -> Delivery:
    """Return what ``done`` and then ``more`` came to."""
    return Delivery(
        acknowledged=done.acknowledged + more.acknowledged,
        quarantined=done.quarantined + more.quarantined,
        tampered=done.tampered + more.tampered,
        blocked=more.blocked,
    )
