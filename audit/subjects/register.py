"""The register of erasures: a file beside the remembered head, which no backup of a database holds.

One canonical JSON line per erasure, with its own SHA-256 and that of the line before it, so that no line is
changed or taken out unseen; who forges the whole file is contradicted by the log. It holds ids of principals
and entries, and times: nothing that names anybody. The log tells of every erasure too, and so does each of
its sinks; this file is what a database restored to an earlier day is held against before anything starts.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from audit import canonical
from audit.errors import CanonicalError, RegisterError
from audit.spool.files import sync_directory

BEGINNING: Final = "0" * 64
"""What the first line names as the line before it."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """The erasure of ``subject`` at ``time`` (microseconds UTC), recorded by the entry ``event``."""

    subject: UUID
    event: UUID
    time: int


class ErasureRegister:
    """The register in the file ``path``, made at the first erasure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._swept = path.with_name(f"{path.name}.swept")
        self._sweeping = path.with_name(f"{path.name}.sweeping")

    def read(self) -> tuple[Erasure, ...]:
        """Return every erasure, oldest first; a last line that was cut off by a crash is not there yet.

        Raises:
            RegisterError: a line was changed, moved or taken out.
        """
        return self._read(self._path.read_bytes())[0] if self._path.exists() else ()

    def state(self) -> str:
        """Return the SHA-256 (hex) of the last line: it changes with every erasure.

        Raises:
            RegisterError: a line was changed, moved or taken out.
        """
        return self._read(self._path.read_bytes())[1] if self._path.exists() else BEGINNING

    def add(self, erasures: Iterable[Erasure]) -> int:
        """Append, durably, the erasures of subjects that are not there yet; return how many.

        Raises:
            RegisterError: a line was changed, moved or taken out.
        """
        wanted = {one.subject: one for one in erasures}
        if not wanted:
            return 0
        with self._locked() as descriptor:
            found, previous, end = self._read(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
            fresh = [wanted[subject] for subject in wanted.keys() - {one.subject for one in found}]
            lines = bytearray()
            for one in sorted(fresh, key=lambda one: (one.time, str(one.subject))):
                line, previous = _line(one, previous)
                lines += line
            os.ftruncate(descriptor, end)
            os.pwrite(descriptor, lines, end)
            os.fsync(descriptor)
        return len(fresh)

    def is_swept(self) -> bool:
        """Say whether the databases were swept since the last erasure was carried out in them.

        Raises:
            RegisterError: a line was changed, moved or taken out.
        """
        state = self.state()
        return state == BEGINNING or (self._swept.exists() and self._swept.read_text("utf-8") == state)

    def begin_sweep(self) -> None:
        """Note that the databases are being swept as the register stands now.

        Raises:
            RegisterError: a line was changed, moved or taken out.
        """
        self._sweeping.write_text(self.state(), "utf-8")

    def end_sweep(self) -> bool:
        """Note that they were swept; False when something was erased since it began: sweep again."""
        try:
            self._sweeping.replace(self._swept)
        except FileNotFoundError:
            return False
        return True

    def unsweep(self) -> None:
        """Note, before something is erased, that the databases must be swept after it."""
        self._sweeping.unlink(missing_ok=True)
        self._swept.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            sync_directory(self._path.parent)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _read(self, content: bytes) -> tuple[tuple[Erasure, ...], str, int]:
        """Return the erasures, the digest of the last line, and where the whole lines end."""
        *lines, torn = content.split(b"\n")
        found, previous = list[Erasure](), BEGINNING
        for number, line in enumerate(lines, start=1):
            erasure = _parse(line)
            written, digest = _line(erasure, previous) if erasure else (b"", "")
            if erasure is None or written != line + b"\n":
                raise RegisterError(f"Line {number} of {self._path.name} is not what was written.")
            found.append(erasure)
            previous = digest
        return tuple(found), previous, len(content) - len(torn)


def _line(erasure: Erasure, previous: str) -> tuple[bytes, str]:
    fields: dict[str, object] = {
        "event": str(erasure.event),
        "previous": previous,
        "subject": str(erasure.subject),
        "time": erasure.time,
    }
    digest = hashlib.sha256(canonical.encode(fields)).hexdigest()
    return canonical.encode({**fields, "hash": digest}) + b"\n", digest


def _parse(line: bytes) -> Erasure | None:
    try:
        fields: Any = canonical.decode_map(line)
        return Erasure(UUID(fields["subject"]), UUID(fields["event"]), int(fields["time"]))
    except (CanonicalError, AttributeError, KeyError, TypeError, ValueError):
        return None
