"""A file of lines: one JSON object per entry, appended in the log's order and never written twice.

What the file holds is read from its last line each time, so neither a lost cursor nor a process killed in the
middle of a line makes a gap or a repetition. Source: NDJSON, https://github.com/ndjson/ndjson-spec.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from audit.formats import ECS, Format
from audit.sinks.copies import BEHIND, Copy
from audit.sinks.counted import Counted, OwnChanges
from audit.sinks.laid import apart_of, lay_out
from audit.sinks.lines import append, last_line, sync_folder
from audit.sinks.port import Census, Delivery, Health, Shipment, SinkError

MODE = 0o640
UNREADABLE: Final = (ValueError, TypeError, LookupError)
COPIED = 1_048_576
"""Bytes of lines looked at together."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the file: where its last whole line ends, and the entry that line is of."""

    size: int
    index: int = -1
    leaf: str | None = None


class UnreadableError(Exception):
    """The file is not what this sink wrote; carries the sentence."""


class FileSink:
    """Appends to one file.

    Args:
        path: the file; its folder must exist.
        origin: the log's name, written into each line and compared with the last one.
        name: the key of the cursor.
        form: how each entry is written.
    """

    def __init__(self, path: Path, *, origin: str, name: str = "file", form: Format = ECS) -> None:
        self._path = path
        self._origin = origin
        self._name = name
        self._form = form
        self._changes = OwnChanges()
        self._counted = Counted()
        self._counting = asyncio.Lock()

    @property
    def name(self) -> str:
        """The key of its cursor."""
        return self._name

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Append the entries the file lacks and wait until they are on disk."""
        return await asyncio.to_thread(self._deliver, entries)

    async def ping(self) -> Health:
        """Say whether the file can be written and where it ends."""
        return await asyncio.to_thread(self._ping)

    async def close(self) -> None:
        """Do nothing: the file is open only while a batch is written."""

    async def count(self, size: int, step: int) -> Census:
        """Count the lines by index; the whole file only when others changed it since the last count.

        Raises:
            SinkError: the file cannot be read.
        """
        return (await self._count()).census(size, step)

    async def indexes(self, first: int, last: int) -> Sequence[int]:
        """Return the indexes of the lines from ``first`` up to but not including ``last``.

        Raises:
            SinkError: the file cannot be read.
        """
        return (await self._count()).between(first, last)

    async def copies(self) -> AsyncIterator[Sequence[Copy]]:
        """Yield every line as it stands in the file, some at a time.

        Raises:
            SinkError: the file cannot be read.
        """
        number, place = 0, 0
        while lines := await asyncio.to_thread(self._read_lines, place):
            yield [read_copy(line, number + offset, self._form) for offset, line in enumerate(lines, 1)]
            number += len(lines)
            place += sum(map(len, lines))

    def _read_lines(self, place: int) -> list[bytes]:
        """Return some whole lines from ``place`` on."""
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                return [line for line in file.readlines(COPIED) if line.endswith(b"\n")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SinkError(f"{self._path.name} cannot be read: {error.strerror}.") from None

    def _deliver(self, entries: Sequence[Shipment]) -> Delivery:
        try:
            with self._opened() as descriptor:
                return self._append(descriptor, entries)
        except UnreadableError as error:
            return Delivery(0, blocked=str(error))
        except OSError as error:
            return Delivery(0, blocked=f"{self._path.name} cannot be written: {error.strerror}.")

    def _append(self, descriptor: int, entries: Sequence[Shipment]) -> Delivery:
        # Two writers would repeat lines; the kernel frees the lock with the process.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tail = self._read_tail(descriptor)
        fresh = [entry for entry in entries if entry.index > tail.index]
        if fresh and fresh[0].index != tail.index + 1:
            return Delivery(0, blocked=f"{self._path.name} ends before entry {tail.index + 1}.")
        lines, quarantined = self._write_lines(fresh)
        with self._changes.changing(descriptor):
            append(descriptor, lines, tail.size)
        differs = (e.index for e in entries if e.index == tail.index and e.leaf.hex() != tail.leaf)
        return Delivery(len(entries), quarantined=quarantined, tampered=tuple(differs))

    def _write_lines(self, entries: Sequence[Shipment]) -> tuple[bytes, tuple[int, ...]]:
        laid = list(lay_out(entries, origin=self._origin, form=self._form))
        return b"".join(one.to_json() + b"\n" for one in laid), apart_of(laid)

    def _ping(self) -> Health:
        try:
            with self._opened() as descriptor:
                tail = self._read_tail(descriptor)
        except UnreadableError as error:
            return Health(ok=False, sentence=str(error))
        except OSError as error:
            return Health(ok=False, sentence=f"{self._path.name} cannot be written: {error.strerror}.")
        return Health(ok=True, sentence=f"{self._path.name} can be written.", next_index=tail.index + 1)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        created = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        try:
            if created:
                sync_folder(self._path.parent)
            yield descriptor
        finally:
            os.close(descriptor)

    def _read_tail(self, descriptor: int) -> Tail:
        end, line = last_line(descriptor)
        if not end:
            return Tail(0)
        try:
            stated = self._form.read(orjson.loads(line))
        except UNREADABLE:
            raise UnreadableError(f"The last line of {self._path.name} is not a line of ours.") from None
        if stated.log != self._origin:
            raise UnreadableError(f"{self._path.name} belongs to another log.")
        return Tail(end, int(str(stated.index)), str(stated.leaf))

    async def _count(self) -> Counted:
        async with self._counting:
            counted = self._counted = await asyncio.to_thread(self._begin_count)
            # A megabyte in each turn of a thread: who counts a long file leaves room for who signs.
            while lines := await asyncio.to_thread(self._read_lines, counted.place):
                counted.add(await asyncio.to_thread(self._read_indexes, lines), sum(map(len, lines)))
            return counted

    def _begin_count(self) -> Counted:
        try:
            others = self._changes.look(self._path)
        except OSError as error:
            raise SinkError(f"{self._path.name} cannot be read: {error.strerror}.") from None
        return self._counted if self._counted.others == others else Counted(others)

    def _read_indexes(self, lines: Sequence[bytes]) -> list[int]:
        try:
            return [self._read_index(line) for line in lines]
        except UNREADABLE:
            raise SinkError(f"{self._path.name} has a line that cannot be read.") from None

    def _read_index(self, line: bytes) -> int:
        return int(str(self._form.read(orjson.loads(line)).index))


def read_copy(line: bytes, number: int, form: Format = ECS) -> Copy:
    """Return the copy that line ``number`` of the file is; of no entry when it is no document of ours."""
    name = f"line {number}"
    try:
        source = orjson.loads(line)
        stated = form.read(source)
    except UNREADABLE:
        return Copy(BEHIND, name, {}, in_place=False, form=form)
    index = stated.index
    if type(index) is not int or not 0 <= index < BEHIND:
        return Copy(BEHIND, name, source, in_place=False, form=form)
    # A line that holds the original only was set aside when it was written.
    return Copy(index, name, source, apart=not stated.whole, form=form)
