"""The process that folds chunks for the worker. Started as ``python -m audit.spool.fold_worker PID``.

It holds nothing: no database, no key, no lease, no promise. A request is a directory, a producer and a
position; the answer follows from the bytes there. So it can be killed at any moment and started again.
"""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO, Final

from audit.spool.fold_wire import pack_error, pack_folded, read_message
from audit.spool.folding import fold_chunk
from audit.spool.frame import SpoolCorruptError
from audit.spool.reader import Position

_PR_SET_PDEATHSIG: Final = 1


def answer(request: tuple[str, str, tuple[int, int, int]]) -> bytes:
    """Return the frame that answers one request."""
    directory, producer, at = request
    try:
        return pack_folded(fold_chunk(Path(directory), producer, Position(*at)))
    except SpoolCorruptError as error:
        return pack_error(error.offset, error.why)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the other side closes."""
    while (request := read_message(requests)) is not None:
        answers.write(answer(request))
        answers.flush()


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process when the one that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it died before that
        sys.exit()


def main() -> None:
    """Serve over standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker says when it is over
    end_with_parent(int(sys.argv[1]))
    gc.disable()  # nothing here makes cycles, and to look for them among so many rows is dear
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
