"""The parent's side of one evaluator process: start it, exchange frames under a deadline, kill it."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from policy.decision import UNDEFINED
from policy.errors import BundleError, DeciderFailedError, DeciderTimeoutError
from policy.frames import HEADER_BYTES, pack, read_length

LOAD_SECONDS: Final = 10.0
DECISION_SECONDS: Final = 0.25
FAILED: Final = object()
"""What stands for the result of an input at which the engine reported an error."""
_AT_ONCE: Final = 64 * 1024
_ROOT: Final = Path(__file__).parents[1]
_KEPT_ENVIRONMENT: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH")


class Evaluator:
    """One process with one bundle. Not safe for several threads: callers take turns."""

    def __init__(
        self,
        files: Mapping[str, str],
        entrypoints: Sequence[str],
        *,
        load_seconds: float = LOAD_SECONDS,
        decision_seconds: float = DECISION_SECONDS,
        politeness: int = 0,
    ) -> None:
        """Start the process and load the bundle, in less than a third of a second as a rule.

        ``politeness`` is how far it stands back for other processes (``nice``).

        Raises:
            BundleError: the rules do not compile, or took the process down.
        """
        self._decision_seconds = decision_seconds
        self._process = _start()
        os.set_blocking(_fd(self._process.stdin), False)
        self.served = 0
        try:
            self.revision = self._load(files, entrypoints, load_seconds, politeness)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def evaluate(self, entrypoint: str, document: object) -> object:
        """Return a JSON value or ``UNDEFINED``.

        Raises:
            DeciderFailedError: the engine reported an error or the process died.
            DeciderTimeoutError: no answer within the deadline; the process is killed.
        """
        self.served += 1
        request = {"op": "evaluate", "entrypoint": entrypoint, "input": document}
        reply = self._exchange(request, self._decision_seconds)
        if "result" in reply:
            return reply["result"]
        if reply.get("undefined") is True:
            return UNDEFINED
        raise DeciderFailedError("The embedded engine reported an error.")

    def evaluate_many(self, entrypoint: str, inputs: Sequence[str], *, seconds: float) -> list[object]:
        """Return of each input, JSON as text, what ``evaluate`` would; ``FAILED`` where it would raise.

        Raises:
            DeciderFailedError: the process died, of one of them or for another reason.
            DeciderTimeoutError: not all were answered within the deadline; the process is killed.
        """
        self.served += len(inputs)
        request = {"op": "evaluate_many", "entrypoint": entrypoint, "inputs": list(inputs)}
        replies = self._exchange(request, seconds).get("results")
        if not isinstance(replies, list) or len(replies) != len(inputs):
            raise DeciderFailedError("The embedded engine did not answer every input.")
        return [_result(reply) for reply in replies]

    def close(self) -> None:
        """Kill the process and release its pipes; a second call does nothing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _load(
        self, files: Mapping[str, str], entrypoints: Sequence[str], seconds: float, politeness: int
    ) -> str:
        named = [str(name) for name in entrypoints]
        request = {"op": "load", "files": dict(files), "entrypoints": named, "politeness": politeness}
        try:
            reply = self._exchange(request, seconds)
        except (DeciderFailedError, DeciderTimeoutError) as error:
            raise BundleError("The policy took the embedded engine down while it was loaded.") from error
        if "revision" not in reply:
            raise BundleError(f"The policy does not compile: {reply.get('detail', 'no reason given')}")
        return str(reply["revision"])

    def _exchange(self, request: object, seconds: float) -> dict[str, Any]:
        ends = time.monotonic() + seconds
        try:
            _write(_fd(self._process.stdin), pack(request), ends)
            reply = json.loads(_read_body(_fd(self._process.stdout), ends))
        except DeciderTimeoutError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise DeciderFailedError("The embedded engine ended in the middle of an answer.") from error
        return reply if isinstance(reply, dict) else {}


def _result(reply: Mapping[str, object]) -> object:
    if "result" in reply:
        return reply["result"]
    return UNDEFINED if reply.get("undefined") is True else FAILED


def _start() -> subprocess.Popen[bytes]:
    # Our own interpreter and module, no shell; its standard error could carry pieces of an input.
    return subprocess.Popen(
        [sys.executable, "-s", "-m", "policy.embedded_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd=_ROOT,
        env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        start_new_session=True,
    )


def _fd(pipe: Any) -> int:  # noqa: ANN401 - Popen's pipes are optional in its types alone
    return int(pipe.fileno())


def _write(fd: int, data: bytes, ends: float) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            _wait(fd, select.POLLOUT, ends)


def _read_body(fd: int, ends: float) -> bytes:
    """Return the body of the one frame that answers: nothing follows it until the next question."""
    parts, length = bytearray(), HEADER_BYTES
    while len(parts) < length:
        _wait(fd, select.POLLIN, ends)
        part = os.read(fd, _AT_ONCE)
        if not part:
            raise OSError("The pipe ended.")
        parts += part
        if len(parts) >= HEADER_BYTES:
            length = HEADER_BYTES + read_length(bytes(parts[:HEADER_BYTES]))
    return bytes(parts[HEADER_BYTES:])


def _wait(fd: int, event: int, ends: float) -> None:
    poll = select.poll()
    poll.register(fd, event)
    if not poll.poll(max(0.0, ends - time.monotonic()) * 1000):
        raise DeciderTimeoutError("The embedded engine did not answer in time.")
