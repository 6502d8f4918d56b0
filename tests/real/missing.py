"""A pytest plugin: what could not be had is listed at the end of the run, and fails it when CI=true."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.real.server import Part

MISSING = pytest.StashKey[dict[str, str]]()
MARKERS = {
    "real": {
        "opa_url",
        "opa",
        "elasticsearch",
        "postgres",
        "keycloak",
        "mlserver",
        "go_auditor",
        "go_tessera",
        "strace",
        "small_disk",
    },
    "browser": {"chromium"},
}


def require(config: pytest.Config, part: Part) -> None:
    """Return when `part` can be used; else skip, or fail when CI=true, naming what is missing."""
    __tracebackhide__ = True
    known = config.stash.setdefault(MISSING, {})
    reason = known.get(part.name) or part.available()
    if reason is None:
        return
    known[part.name] = reason
    if os.environ.get("CI") == "true":
        pytest.fail(f"{part.name}: {reason}", pytrace=False)
    pytest.skip(f"{part.name}: {reason}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a real part, before `-m` chooses."""
    for item in items:
        for marker in _markers(set(getattr(item, "fixturenames", ()))):
            item.add_marker(marker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List what was missing."""
    missing = config.stash.get(MISSING, {})
    if missing:
        terminalreporter.section("missing parts", red=True)
        for name, reason in sorted(missing.items()):
            terminalreporter.line(f"missing: {name}: {reason}")


def _markers(wanted: set[str]) -> Iterator[str]:
    return (marker for marker, fixtures in MARKERS.items() if fixtures & wanted)
