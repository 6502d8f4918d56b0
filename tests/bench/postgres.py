"""A PostgreSQL as in production: what it has committed survives a power cut."""

import os
from pathlib import Path
from typing import ClassVar

from tests.real.postgres import PostgresServer

TICKS = os.sysconf("SC_CLK_TCK")


class DurablePostgres(PostgresServer):
    """The tests' server with its safety on."""

    name: ClassVar[str] = "postgres-durable"
    options: ClassVar[dict[str, str]] = {"unix_socket_directories": "", "shared_buffers": "512MB"}

    def processor(self) -> float:
        """Return the seconds of processor time that its processes have used."""
        leader = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        return sum(_ticks(process, leader) for process in Path("/proc").glob("[0-9]*")) / TICKS


def _ticks(process: Path, leader: int) -> int:
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    ours = int(process.name) == leader or int(fields[1]) == leader
    return sum(int(field) for field in fields[11:13]) if ours else 0
