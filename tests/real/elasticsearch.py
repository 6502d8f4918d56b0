"""Elasticsearch: the minimal build of Maven, which is core search only (see docs/how-to/real-servers.md)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from console.processes import answers
from tests import tools
from tests.real import cache
from tests.real.server import HOST, RealServer

VERSION = "9.2.0"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
OPTIONS = {
    "discovery.type": "single-node",
    "network.host": HOST,
    "xpack.security.enabled": "false",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
}


def fetch_distribution() -> Path:
    """Elasticsearch's folder in the cache."""

    def fill(folder: Path) -> None:
        cache.unpack(cache.maven(ARTIFACT, f"elasticsearch-{VERSION}.zip"))(folder)

    return cache.keep(f"elasticsearch-{VERSION}", fill)


def require_jdk() -> Path:
    """The home of a full JDK 21 or newer; MissingPartError when there is none."""
    home = tools.find_jdk()
    if home is None:
        wanted = f"a full JDK {tools.JDK_FLOOR} or newer with {tools.VECTOR}"
        raise cache.MissingPartError(f"{wanted} is missing: install one, or name it in ES_JAVA_HOME")
    return home


class ElasticsearchServer(RealServer):
    """One node, no security, on loopback, 512 MiB of heap."""

    name: ClassVar[str] = "elasticsearch"
    start_seconds: ClassVar[float] = 400.0

    def fetch(self) -> None:
        require_jdk()
        fetch_distribution()

    def prepare(self, folder: Path) -> None:
        # It writes a keystore beside its settings, so the settings are a copy.
        shutil.copytree(fetch_distribution() / "config", folder / "config", dirs_exist_ok=True)
        (folder / "tmp").mkdir()
        for path in (folder / "tmp", folder / "config", *(folder / "config").rglob("*")):
            self.hand_over(path)

    def command(self) -> list[str]:
        names = {"path.data": "data", "path.logs": "logs", "path.repo": "snapshots"}
        places = {setting: str(self.folder / name) for setting, name in names.items()}
        options = {**OPTIONS, **places, "http.port": str(self.port), "transport.port": "0"}
        settings = [part for name, value in options.items() for part in ("-E", f"{name}={value}")]
        return [str(fetch_distribution() / "bin" / "elasticsearch"), *settings]

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "ES_JAVA_HOME": str(require_jdk()),
            "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "tmp"),
        }

    def healthy(self) -> bool:
        return answers(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s")
