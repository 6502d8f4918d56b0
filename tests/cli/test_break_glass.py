"""Break glass as somebody on the host uses it: the real commands, in processes of their own."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.console.begun import Begun
from tests.console.conftest import begun_data, migrated_data
from tests.forked import run_guildhall

__all__ = ["begun_data", "migrated_data"]
pytestmark = pytest.mark.slow


@pytest.fixture
def host(begun_data: Begun, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a host on which break glass is enabled."""
    shutil.copytree(begun_data.folder, tmp_path / "var")
    given = {"GUILDHALL_DATA": str(tmp_path / "var"), "GUILDHALL_BREAK_GLASS__ENABLED": "true"}
    return {**os.environ, **given}


def type_in(host: Mapping[str, str], *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return run_guildhall(["break-glass", *words], environment=host, folder=Path.cwd(), typed=typed)


def test_an_hour_on_the_host_without_a_provider_or_a_server(host: Mapping[str, str]) -> None:
    first, second = (type_in(host, "seal", who).stdout.strip() for who in ("admin", "reviewer"))
    assert first.startswith("guildhall_bg_")
    assert type_in(host, "sign-out", "owner", typed=f"{first}\n").returncode == 1
    opened = type_in(host, "open", "--ticket", "OPS-1", typed=f"{first}\n")
    assert (opened.returncode, opened.stdout.partition("Open until ")[1]) == (0, "Open until "), opened.stderr
    assert "sessions ended" in type_in(host, "sign-out", "owner", typed=f"{first}\n").stdout
    assert "Open until" in type_in(host, "extend", typed=f"{first}\n{second}\n").stdout
    assert "Closed." in type_in(host, "close", typed=f"{first}\n").stdout
    again = type_in(host, "open", "--ticket", "OPS-2", typed=f"{second}\n")
    assert (again.returncode, again.stderr.strip().splitlines()[-1]) == (
        1,
        "The last use has not been reviewed; until then nothing can be opened.",
    )
    assert first not in opened.stdout + opened.stderr + again.stderr
