"""What docs/how-to/production.md tells operators to write is taken by the product as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from console.demo.environment import checkout
from console.settings import load_settings
from policy.bundles import read_bundle
from tests.journeys.installed import KEYS_READ_ONLY, READ_ONLY

PAGE = (checkout() / "docs" / "how-to" / "production.md").read_text("utf-8")
SECRETS = {
    "database.url": "postgresql+asyncpg://guildhall:one@127.0.0.1:5432/guildhall",
    "log.url": "postgresql+asyncpg://guildhall_reader:two@127.0.0.1:5432/guildhall",
    "keys.url": "postgresql+asyncpg://guildhall:four@127.0.0.2:5432/keys",
    "elasticsearch.password": "three",
}

ROLES = {"guildhall_reader": READ_ONLY, "guildhall_gateway": KEYS_READ_ONLY}


def block(language: str, number: int = 0) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found[number]


def test_the_settings_are_taken_with_every_secret_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "guildhall.toml").write_text(block("toml"), "utf-8")
    for name, text in (SECRETS | {"issuers.json": block("json")}).items():
        (tmp_path / name).write_text(text, "utf-8")
    for line in block("sh").splitlines():
        name, _, path = line.partition("=")
        monkeypatch.setenv(name, str(tmp_path / Path(path).name))
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert (settings.embedded, settings.base_url) == (False, "https://guildhall.example.com")
    assert (settings.main_url, settings.log_url) == (SECRETS["database.url"], SECRETS["log.url"])
    assert settings.keys_url == SECRETS["keys.url"]
    assert [issuer.url for issuer in settings.sign_in.issuers] == [json.loads(block("json"))[0]["url"]]
    assert settings.audit.elasticsearch is not None
    assert settings.audit.elasticsearch.password is not None


def test_the_bundle_is_written_by_the_line_that_says_so(tmp_path: Path) -> None:
    _, *arguments = shlex.split(block("sh", 1))
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == read_bundle().revision
    assert (tmp_path / "bundle" / ".manifest").is_file()


def test_the_reading_roles_are_the_ones_the_journey_makes() -> None:
    for number, (role, statements) in enumerate(ROLES.items()):
        said = [line.rstrip(";") for line in block("sql", number).splitlines()]
        assert said == [line.format(role=role, password="…") for line in statements]
