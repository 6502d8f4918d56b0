"""PostgreSQL: a private cluster by Debian's initdb, on loopback TCP, with a password."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from console.processes import Child, stop
from tests import tools
from tests.real import cache
from tests.real.server import HOST, RealServer, unprivileged

USER = "guildhall"
PASSWORD = "guildhall-password"
# Test data need not survive a power failure.
OPTIONS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "unix_socket_directories": ""}


class PostgresServer(RealServer):
    """One PostgreSQL cluster; each caller makes its own databases in it."""

    name: ClassVar[str] = "postgres"
    start_seconds: ClassVar[float] = 200.0
    options: ClassVar[Mapping[str, str]] = OPTIONS

    def fetch(self) -> None:
        binaries()

    def prepare(self, folder: Path) -> None:
        password = folder / "password"
        password.write_text(PASSWORD, "utf-8")
        self.hand_over(password)
        words = ["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        command = [str(binaries() / "initdb"), "--pgdata", str(folder / "data"), *words, "--no-sync"]
        with self.log.open("wb") as output:
            subprocess.run(
                [*command, "--pwfile", str(password)],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
                user=unprivileged(),
                group=unprivileged(),
                extra_groups=None if unprivileged() is None else [],
            )

    def command(self) -> list[str]:
        options = [part for name, value in self.options.items() for part in ("-c", f"{name}={value}")]
        place = ["-D", str(self.folder / "data"), "-h", HOST, "-p", str(self.port)]
        return [str(binaries() / "postgres"), *place, *options]

    def healthy(self) -> bool:
        ready = [str(binaries() / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def end(self, child: Child) -> None:
        """SIGINT is PostgreSQL's fast shutdown; TERM would wait for every client."""
        if child.exit_code is None:
            os.kill(child.pid, signal.SIGINT)
        stop(child, seconds=15)

    def create_database(self) -> str:
        """Make an empty database and return its URL for SQLAlchemy with asyncpg.

        A copy of template0, where nobody can be connected: somebody at template1 would refuse it.
        """
        name = f"t{uuid.uuid4().hex}"
        place = ["-h", HOST, "-p", str(self.port), "-U", USER, "--template", "template0"]
        command = [str(binaries() / "createdb"), *place, name]
        subprocess.run(command, env={**os.environ, "PGPASSWORD": PASSWORD}, check=True)
        return f"postgresql+asyncpg://{USER}:{PASSWORD}@{HOST}:{self.port}/{name}"


def binaries() -> Path:
    cache.install_from_debian(tools.find_initdb)
    found = tools.find_initdb()
    if found is None:
        raise cache.MissingPartError("PostgreSQL is missing: install the package postgresql")
    return found.resolve().parent
