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


class OpaServer(RealServer):
    """An OPA server; `bundle` is a folder with a `.manifest`, copied and loaded at every start."""

    name: ClassVar[str] = "opa"
    start_seconds: ClassVar[float] = 30.0

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
