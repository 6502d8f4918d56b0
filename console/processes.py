"""Child processes: start one, wait until it is healthy, end it and everything it started.

The supervisor (`serve --role all`) and the demo's clusters use this. A child lives in a session of its own,
so Ctrl-C reaches the supervisor alone, and on Linux the kernel kills it when the supervisor dies outright
(prctl(2), PR_SET_PDEATHSIG). The kernel watches the *thread* that started the child: start children from a
thread that lives as long as they should.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05


class ProcessError(RuntimeError):
    """A child ended or stayed unhealthy; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Child:
    """A started process: its name for messages, the handle, and the file its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process id, which is also its session and process group."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: int | None = None,
) -> Child:
    """Start `command` in its own session, output into `log` (rewritten).

    `environment` is the whole one, by default `child_environment()`; `folder` the working folder; `account` a
    user id to run as, with the group of that number and no others, which only root may ask. Raises
    ProcessError when the program cannot be started.
    """
    end_with_parent = _end_with_parent()
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - the caller names the program, never a request
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(child_environment() if environment is None else environment),
                cwd=folder,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, prepared before the fork
                user=account,
                group=account,
                extra_groups=None if account is None else [],
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise ProcessError(f"{name} could not be started: {error}") from error
    return Child(name, process, log)


def child_environment(*, without: Sequence[str] = ()) -> dict[str, str]:
    """Our environment less PYTHONDONTWRITEBYTECODE (slow starts) and names that begin with a `without`."""
    dropped = ("PYTHONDONTWRITEBYTECODE", *without)
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def wait_until(child: Child, healthy: Callable[[], bool], *, seconds: float) -> None:
    """Return once `healthy` says so; ProcessError when the child ends first or `seconds` pass."""
    end = time.monotonic() + seconds
    while not healthy():
        if child.exit_code is not None:
            raise ProcessError(f"{child.name} ended with {child.exit_code}.\n{last_lines(child.log)}")
        if time.monotonic() > end:
            raise ProcessError(f"{child.name} was not healthy in {seconds:g} s.\n{last_lines(child.log)}")
        time.sleep(POLL_SECONDS)


def answers(url: str) -> bool:
    """Whether a GET on an http URL is answered with 2xx within two seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=2.0)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        return connection.getresponse().status // 100 == 2  # noqa: PLR2004 - the class of success
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(child: Child, *, seconds: float = 10.0) -> int:
    """TERM, then after `seconds` KILL, the child's whole session; return its exit code."""
    _signal(child, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.process.wait(seconds)
    _signal(child, signal.SIGKILL)
    return child.process.wait()


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for an error message."""
    try:
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-count:])
    except OSError as error:
        return f"(its log cannot be read: {error})"


def _signal(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _end_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return ask
