"""Two PostgreSQL servers: one that commits, and a standby without whose word no commit counts."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.patience import PATIENCE
from tests.real.postgres import PASSWORD, USER, PostgresServer, binaries
from tests.real.server import HOST, unprivileged

NAME = "standby"


class Primary(PostgresServer):
    """The server that commits."""

    name: ClassVar[str] = "postgres-primary"
    options: ClassVar[Mapping[str, str]] = {**PostgresServer.options, "max_wal_senders": "4"}

    def ask(self, statement: str) -> str:
        """Run one statement as the superuser and return what it says."""
        return ask(self.port, statement)

    def wait_for_standby(self) -> None:
        """Let no commit count from now on that the standby has not written down."""
        self.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{NAME}'")
        self.ask("SELECT pg_reload_conf()")

    def commits_waiting(self) -> int:
        """How many commits wait for the standby's word."""
        return int(self.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))

    def kill(self) -> None:
        """End it outright, as a host that fails does."""
        assert self._child is not None
        os.kill(self._child.pid, signal.SIGKILL)


class Standby(PostgresServer):
    """A copy that follows a primary, until it is promoted."""

    name: ClassVar[str] = "postgres-standby"

    def __init__(self, primary: Primary) -> None:
        super().__init__()
        self._primary = primary

    def prepare(self, folder: Path) -> None:
        server = f"host={HOST} port={self._primary.port}"
        place = f"{server} user={USER} password={PASSWORD} application_name={NAME}"
        words = ["--pgdata", str(folder / "data"), "--write-recovery-conf", "--wal-method=stream"]
        subprocess.run(
            [str(binaries() / "pg_basebackup"), *words, "--no-sync", "--checkpoint=fast", "--dbname", place],
            check=True,
            cwd=folder,
            user=unprivileged(),
            group=unprivileged(),
            extra_groups=None if unprivileged() is None else [],
        )

    def freeze(self) -> None:
        """Stop what receives: what is sent to it arrives, and is not written down."""
        for process in self._processes("walreceiver"):
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        for process in self._processes("walreceiver"):
            os.kill(process, signal.SIGCONT)

    def promote(self) -> None:
        """Make it the server that commits; returns once it writes."""
        ask(self.port, "SELECT pg_promote()")
        end = time.monotonic() + PATIENCE
        while ask(self.port, "SELECT pg_is_in_recovery()") != "f":
            assert time.monotonic() < end, "The standby was not promoted."

    def _processes(self, word: str) -> list[int]:
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], check=True, capture_output=True, text=True)
        assert self._child is not None
        rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()[1:]]
        return [int(pid) for pid, parent, args in rows if int(parent) == self._child.pid and word in args]


def ask(port: int, statement: str) -> str:
    """Run one statement and return what it says."""
    command = [str(binaries() / "psql"), "-h", HOST, "-p", str(port), "-U", USER, "-d", "postgres"]
    asked = subprocess.run(
        [*command, "-XAtqc", statement],
        env={**os.environ, "PGPASSWORD": PASSWORD},
        check=True,
        capture_output=True,
        text=True,
    )
    return asked.stdout.strip()
