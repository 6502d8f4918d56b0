"""Keycloak in development mode with the realm of tests/real/keycloak imported, its data in memory."""

from __future__ import annotations

import json
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from console.processes import answers, child_environment
from tests.real import cache
from tests.real.elasticsearch import require_jdk
from tests.real.server import HOST, RealServer

VERSION = "26.4.5"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz"
REALM_FILE = Path(__file__).with_name("keycloak") / "guildhall-realm.json"
# 150 MiB of jars that no start changes: linked into each server's folder, the rest is copied.
UNCHANGED = "lib/lib"


def fetch_distribution() -> Path:
    """Keycloak's folder in the cache."""

    def fill(folder: Path) -> None:
        cache.unpack(cache.maven(ARTIFACT, f"keycloak-quarkus-dist-{VERSION}.tar.gz"))(folder)

    return cache.keep(f"keycloak-{VERSION}", fill)


class KeycloakServer(RealServer):
    """Keycloak with realm `guildhall`: six people, their groups, a confidential client, step-up to `gold`."""

    name: ClassVar[str] = "keycloak"
    start_seconds: ClassVar[float] = 600.0
    admin_name: ClassVar[str] = "keycloak-admin"
    admin_password: ClassVar[str] = "keycloak-admin-password"

    @cached_property
    def realm_document(self) -> dict[str, Any]:
        """What was imported."""
        document: dict[str, Any] = json.loads(REALM_FILE.read_text("utf-8"))
        return document

    @property
    def realm(self) -> str:
        """The realm's name."""
        return str(self.realm_document["realm"])

    @property
    def issuer(self) -> str:
        """The issuer of its tokens, and where discovery starts."""
        return f"{self.url}/realms/{self.realm}"

    @property
    def client_id(self) -> str:
        """The confidential client of the console."""
        return str(self.realm_document["clients"][0]["clientId"])

    @property
    def client_secret(self) -> str:
        """Its secret."""
        return str(self.realm_document["clients"][0]["secret"])

    @property
    def people(self) -> dict[str, str]:
        """Passwords by user name: admin1, admin2, auditor1, reviewer1, owner1, member1."""
        return {user["username"]: user["credentials"][0]["value"] for user in self.realm_document["users"]}

    @property
    def subjects(self) -> dict[str, str]:
        """The `sub` of each person, fixed by the realm file."""
        return {user["username"]: user["id"] for user in self.realm_document["users"]}

    def fetch(self) -> None:
        require_jdk()
        fetch_distribution()

    def prepare(self, folder: Path) -> None:
        home, kept = folder / "keycloak", fetch_distribution()
        unchanged = kept / UNCHANGED
        shutil.copytree(kept, home, ignore=lambda at, _: ["lib"] if Path(at) == unchanged.parent else [])
        (home / UNCHANGED).symlink_to(unchanged, target_is_directory=True)
        (home / "data" / "import").mkdir(parents=True, exist_ok=True)
        shutil.copy(REALM_FILE, home / "data" / "import")
        for path in (home, *home.rglob("*")):
            if not path.is_symlink():
                self.hand_over(path)

    def command(self) -> list[str]:
        start = [
            str(self.folder / "keycloak" / "bin" / "kc.sh"),
            "start-dev",
            "--db=dev-mem",
            "--import-realm",
        ]
        return [*start, f"--http-host={HOST}", f"--http-port={self.port}"]

    def environment(self) -> dict[str, str]:
        return {
            **child_environment(without=["GUILDHALL_", "KC_", "KEYCLOAK_", "JAVA_OPTS"]),
            "HOME": str(self.folder),
            "JAVA_HOME": str(require_jdk()),
            "JAVA_OPTS_KC_HEAP": "-Xms256m -Xmx768m",
            # JDK 24 and newer close this package, and a thread of Keycloak dies noisily.
            "JAVA_OPTS_APPEND": "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "KC_BOOTSTRAP_ADMIN_USERNAME": self.admin_name,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": self.admin_password,
        }

    def healthy(self) -> bool:
        return answers(f"{self.issuer}/.well-known/openid-configuration")
