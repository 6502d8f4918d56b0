"""The worker's side of the folding process: chunks are folded on another core while rows are stored.

The process only saves time. Whenever it is not there, dies, or does not answer, the same function folds the
same bytes here, and the process is started again at the next opportunity.
"""

import contextlib
import logging
import os
import select
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any, Final

from audit.spool.files import spool_path
from audit.spool.fold_memory import SharedTexts, create_memory
from audit.spool.fold_wire import HEADER_BYTES, pack_request, unpack_folded
from audit.spool.folding import Folded, fold_chunk
from audit.spool.reader import CHUNK_BYTES, Position

ANSWER_SECONDS: Final = 10.0
WORTH_BYTES: Final = 256 << 10
"""What waits in a spool before it is worth a way to another process and back."""
_ROOT: Final = Path(__file__).parents[2]
_KEPT_ENVIRONMENT: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR")
# A chunk's memory is used again for the next: else glibc gives it back, and the kernel clears it anew.
_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}
_PIPE_BYTES: Final = 1 << 20

logger = logging.getLogger(__name__)


class FoldingProcess:
    """One child; ``start`` it from a thread that lives as long as it should, ``fold`` from one at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the child, unless it runs already."""
        if self._process is None:
            with contextlib.suppress(OSError):  # no process to be had: the work is done here
                self._process, self._memory = _start()
                self._end = weakref.finalize(self, _end, self._process, self._memory)

    def fold(self, directory: Path, producer: str, at: Position, size: int = CHUNK_BYTES) -> Folded:
        """Do what ``fold_chunk`` does, by the child when a lot waits and it runs."""
        process = self._process
        if process is None or not _is_worth_it(directory, producer, at):
            return fold_chunk(directory, producer, at, size)
        try:
            return unpack_folded(_ask(process, pack_request(directory, producer, at, size)), self._memory)
        except (OSError, EOFError):
            logger.warning("The folding process is gone; its work is done here until the next one runs.")
            self.close()
            return fold_chunk(directory, producer, at, size)

    def close(self) -> None:
        """End the child; allowed when there is none. It also ends with this object."""
        if self._process is not None:
            self._process = None
            self._end()


def _start() -> tuple[subprocess.Popen[bytes], SharedTexts]:
    descriptor = create_memory()
    try:
        return _start_with(descriptor), SharedTexts(descriptor)
    except OSError:
        os.close(descriptor)
        raise


def _start_with(memory: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [sys.executable, "-s", "-m", "audit.spool.fold_worker", str(os.getpid()), str(memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        pipesize=_PIPE_BYTES,
        pass_fds=(memory,),
        cwd=_ROOT,
        env=_MEMORY | {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
    )


def _end(process: subprocess.Popen[bytes], memory: SharedTexts) -> None:
    process.kill()
    process.wait()
    memory.close()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _ask(process: subprocess.Popen[bytes], request: bytes) -> bytearray:
    ends = time.monotonic() + ANSWER_SECONDS
    answers = _fd(process.stdout)
    os.write(_fd(process.stdin), request)  # shorter than a pipe takes at once
    size = int.from_bytes(_read(answers, HEADER_BYTES, ends), "big")
    return _read(answers, size, ends)


def _is_worth_it(directory: Path, producer: str, at: Position) -> bool:
    try:
        return spool_path(directory, producer, at.file).stat().st_size - at.offset >= WORTH_BYTES
    except FileNotFoundError:
        return False


def _read(descriptor: int, size: int, ends: float) -> bytearray:
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            raise TimeoutError
        if not (count := os.readv(descriptor, [view[at:]])):
            raise EOFError
        at += count
    return data


def _fd(pipe: Any) -> int:  # noqa: ANN401 - Popen's pipes are optional in its types alone
    return int(pipe.fileno())
