"""What real servers have in common: fetched once, started on a free loopback port, ended by process id."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from console.processes import Child, child_environment, spawn, stop, wait_until
from tests.real.cache import MissingPartError

HOST = "127.0.0.1"
LOGS = Path(__file__).resolve().parents[2] / "var" / "real"


def free_port() -> int:
    """A loopback port that only who knows it gets, while this process lives; nobody listens on it just now.

    Its descriptor stays open: the kernel then gives the port to nobody who asks for any, however late its
    server binds it. A server may, by SO_REUSEADDR, which all of ours set, and only one of them can listen.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((HOST, 0))
    port = int(probe.getsockname()[1])
    probe.detach()
    return port


def unprivileged() -> int | None:
    """The user id to run servers as that refuse root; None when we are not root ourselves."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


class Part(ABC):
    """Something the tests need that is not in the checkout."""

    name: ClassVar[str]

    @abstractmethod
    def fetch(self) -> None:
        """Have it on this machine; does nothing when it is. MissingPartError says why it cannot be had."""

    def available(self) -> str | None:
        """None when it can be used, else one sentence that says what is missing."""
        try:
            self.fetch()
        except MissingPartError as error:
            return str(error)
        return None


class RealServer(Part):
    """A server program with a folder of its own under /var/tmp, kept over stop and start, gone after close.

    Its output is kept in var/real/SUITE/NAME.log of the checkout until the next run.
    """

    start_seconds: ClassVar[float] = 300.0

    def __init__(self) -> None:
        self._child: Child | None = None
        self._folder: Path | None = None
        self._port: int | None = None

    @property
    def port(self) -> int:
        """Chosen once, so that a server started again has its old address."""
        self._port = self._port or free_port()
        return self._port

    @property
    def url(self) -> str:
        """Address without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def folder(self) -> Path:
        """Its own folder, owned by the user it runs as."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"guildhall-{self.name}-", dir="/var/tmp"))
            self.hand_over(self._folder)
            self.prepare(self._folder)
        return self._folder

    @property
    def log(self) -> Path:
        """Where its output goes."""
        folder = LOGS / os.environ.get("TEST_SUITE", "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.name}.log"

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def healthy(self) -> bool:
        """Whether it answers as it should."""

    def prepare(self, folder: Path) -> None:
        """Fill the new folder before the first start."""

    def environment(self) -> dict[str, str]:
        """The whole environment of the process."""
        return {**child_environment(without=["GUILDHALL_"]), "HOME": str(self.folder)}

    def start(self) -> None:
        """Start it and return once it is healthy; ProcessError shows the end of its log if it never is."""
        self.fetch()
        self._child = spawn(
            self.name,
            self.command(),
            log=self.log,
            environment=self.environment(),
            folder=self.folder,
            account=unprivileged(),
        )
        try:
            wait_until(self._child, self.healthy, seconds=self.start_seconds)
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        """End the process; folder and port stay for another start."""
        if self._child is not None:
            self.end(self._child)
            self._child = None

    def end(self, child: Child) -> None:
        """How this server is asked to end."""
        stop(child, seconds=15)

    def close(self) -> None:
        """End the process and remove its folder."""
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @staticmethod
    def hand_over(path: Path) -> None:
        """Give a path to the user the server runs as."""
        account = unprivileged()
        if account is not None:
            os.chown(path, account, account)
