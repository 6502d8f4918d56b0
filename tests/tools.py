"""What the tests need of the machine: looked for, installed from Debian where root may, else named."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.suites import Command

JDK_FLOOR = 21
VECTOR = "jdk.incubator.vector"
DEBIAN_BROWSER = Path("/usr/bin/chromium")
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")


def find_jdk() -> Path | None:
    """Return the home of the first JDK that is new enough and complete, or None."""
    return next((home for home in _homes() if _version(home) >= JDK_FLOOR and _has_vector(home)), None)


def find_browser() -> Path | None:
    """Return Chromium's path, or None."""
    named = shutil.which("chromium")
    return Path(named) if named else None


def find_initdb() -> Path | None:
    """Return PostgreSQL's `initdb`, on PATH or where Debian puts it, newest first, or None."""
    named = shutil.which("initdb")
    return Path(named) if named else max(DEBIAN_POSTGRESQL.glob("*/bin/initdb"), default=None)


def find_rsyslog() -> Path | None:
    """Return rsyslog's program if its TLS driver by OpenSSL is there too, or None."""
    named = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
    has_driver = any(Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so"))
    return Path(named) if named and has_driver else None


def debian_install() -> Command | None:
    """Return the command that installs what Debian has and the machine lacks, if root may and it must."""
    wanted = [
        package
        for package, where in {
            "chromium": find_browser(),
            "postgresql": find_initdb(),
            "rsyslog rsyslog-openssl": find_rsyslog(),
        }.items()
        if where is None
    ]
    if not wanted or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    install = f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {' '.join(wanted)}"
    return ("env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install)


def _homes() -> Iterator[Path]:
    for variable in ("ES_JAVA_HOME", "JAVA_HOME"):
        if os.environ.get(variable):
            yield Path(os.environ[variable])
    yield from sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)
    java = shutil.which("java")
    if java:
        yield Path(java).resolve().parent.parent


def _version(home: Path) -> int:
    release = home / "release"
    text = release.read_text(errors="replace") if release.is_file() else ""
    found = re.search(r'^JAVA_VERSION="(\d+)', text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def _has_vector(home: Path) -> bool:
    java = home / "bin" / "java"
    if not java.is_file():
        return False
    listing = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False)
    return VECTOR in listing.stdout
