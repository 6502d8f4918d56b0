from pathlib import Path

import pytest

from console.errors import SettingsError
from console.settings import load_settings


def test_defaults_are_embedded_on_loopback(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    assert settings.embedded
    assert settings.base_url == "http://127.0.0.1:8400"
    assert settings.main_url.endswith("guildhall.db")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"server": {"host": "0.0.0.0"}}, "loopback"),  # noqa: S104 - the address that must be refused
        ({"profile": "production"}, "sign_in.issuers is empty"),
        ({"policy": {"engine": "opa"}}, "policy.opa_url is missing"),
        ({"server": {"port": 99999}}, "server.port"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_each_mistake_is_one_sentence_that_names_the_setting(
    tmp_path: Path, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load_settings(data=tmp_path, **given)


def test_production_beyond_loopback_says_who_ends_tls(tmp_path: Path) -> None:
    issuer = {"url": "https://id.example/realms/x"}
    with pytest.raises(SettingsError, match="tls_terminated_by"):
        load_settings(
            data=tmp_path,
            profile="production",
            sign_in={"issuers": [issuer]},
            server={"host": "192.0.2.1"},
        )


def test_a_secret_is_read_from_the_file_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "url"
    secret.write_text("sqlite+aiosqlite:///other.db\n")
    monkeypatch.setenv("GUILDHALL_DATABASE__URL_FILE", str(secret))
    settings = load_settings(data=tmp_path)
    assert settings.main_url == "sqlite+aiosqlite:///other.db"
    assert "other.db" not in repr(settings)


def test_the_environment_sets_what_code_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUILDHALL_SERVER__PORT", "8499")
    assert load_settings(data=tmp_path).server.port == 8499
