"""OPA, compiled by Go once: `opa run --server` with a bundle folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from console.processes import answers
from tests.real import cache
from tests.real.server import HOST, RealServer

VERSION = "1.22.2"


def fetch_binary() -> Path:
    """The opa program in the cache (two to four minutes of compiling when it is not there)."""

    def install(folder: Path) -> None:
        command = [cache.tool("go", "Go"), "install", f"github.com/open-policy-agent/opa@v{VERSION}"]
        cache.run("compiling OPA", command, GOBIN=str(folder / "bin"))

    return cache.keep(f"opa-{VERSION}", install) / "bin" / "opa"


CONFIGURATION = """services:
  guildhall:
    url: {url}
    credentials:
      bearer:
        token: {token}
bundles:
  guildhall:
    service: guildhall
    resource: bundles/guildhall.tar.gz
    polling:
      min_delay_seconds: 1
      max_delay_seconds: 1
    signing:
      keyid: guildhall
decision_logs:
  service: guildhall
  resource: logs
  reporting:
    min_delay_seconds: 1
    max_delay_seconds: 1
status:
  service: guildhall
"""


class OpaServer(RealServer):
    """An OPA server; `bundle` is a folder with a `.manifest`, copied and loaded at every start."""

    name: ClassVar[str] = "opa"
    start_seconds: ClassVar[float] = 120.0

    def __init__(self, bundle: Path | None = None) -> None:
        super().__init__()
        self._bundle = bundle

    def fetch(self) -> None:
        fetch_binary()

    def start(self) -> None:
        # A copy that its user can read: OPA starts empty and healthy on a folder it may not enter.
        if self._bundle is not None:
            shutil.rmtree(self.folder / "bundle", ignore_errors=True)
            shutil.copytree(self._bundle, self.folder / "bundle")
            for path in (self.folder / "bundle", *(self.folder / "bundle").rglob("*")):
                self.hand_over(path)
        super().start()

    def command(self) -> list[str]:
        serve = [
            str(fetch_binary()),
            "run",
            "--server",
            "--addr",
            f"{HOST}:{self.port}",
            "--skip-version-check",
        ]
        bundle = [] if self._bundle is None else ["--bundle", str(self.folder / "bundle")]
        return [*serve, "--log-level", "error", *bundle]

    def healthy(self) -> bool:
        return answers(f"{self.url}/health?bundles")


class PullingOpa(OpaServer):
    """An OPA server that fetches its signed bundle from `url`, and reports there; healthy without one."""

    name: ClassVar[str] = "opa-pulling"

    def __init__(self, url: str, token: str, key: bytes) -> None:
        super().__init__()
        self._configuration = CONFIGURATION.format(url=url, token=token)
        self._key = key

    def prepare(self, folder: Path) -> None:
        for name, data in (("opa.yaml", self._configuration.encode()), ("bundle.pem", self._key)):
            (folder / name).write_bytes(data)
            self.hand_over(folder / name)

    def command(self) -> list[str]:
        configured = ["--config-file", str(self.folder / "opa.yaml")]
        key = ["--set", "keys.guildhall.algorithm=ES256"]
        key += ["--set-file", f"keys.guildhall.key={self.folder / 'bundle.pem'}"]
        return [*super().command(), *configured, *key]

    def healthy(self) -> bool:
        return answers(f"{self.url}/health")
