"""The process that folds chunks for the worker. Started as ``python -m audit.spool.fold_worker PID MEMORY``.

It holds nothing: no database, no key, no lease, no promise. A request is a directory, a producer and a
position; the answer follows from the bytes there. So it can be killed at any moment and started again.
"""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from audit.spool.fold_wire import pack_error, pack_folded, position_of, read_message
from audit.spool.folding import Folded, fold_chunk
from audit.spool.frame import SpoolCorruptError
from audit.spool.reader import Position, next_size

_PR_SET_PDEATHSIG: Final = 1


Request = tuple[str, str, tuple[int, int, int], int]


class Answer(NamedTuple):
    """What was folded, or a message in its place, and what will be asked next if a lot waits."""

    folded: Folded | bytes
    following: Request | None


def answer(request: Request) -> Answer:
    """Answer one request."""
    directory, producer, at, size = request
    try:
        folded = fold_chunk(Path(directory), producer, Position(*at), size)
    except SpoolCorruptError as error:
        return Answer(pack_error(error.offset, error.why), None)
    more = folded.at.file > at[0] or folded.at.offset - at[1] > size // 2
    following = (directory, producer, position_of(folded.at), next_size(size)) if more else None
    return Answer(folded, following)


def serve(requests: BinaryIO, answers: BinaryIO, memory: int) -> None:
    """Answer until the other side closes; while it is busy with an answer, fold what it asks next."""
    ahead: dict[Request, Answer] = {}
    while (request := read_message(requests)) is not None:
        found = ahead.pop(request, None) or answer(request)
        folded = found.folded
        answers.write(folded if isinstance(folded, bytes) else pack_folded(folded, memory))
        answers.flush()
        ahead = look_ahead(found.following)


def look_ahead(following: Request | None) -> dict[Request, Answer]:
    """Return the answer to what will be asked next, if it is one that does not grow old.

    Frames that are there stay there. That none are there, or that they are damaged, is read when it is asked:
    whoever asks knows whether the producer was gone before.
    """
    if following is None:
        return {}
    found = answer(following)
    return {following: found} if isinstance(found.folded, Folded) and found.folded.frames else {}


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
    serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[2]))


if __name__ == "__main__":
    main()
