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


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"policy": {"engine": "opa", "opa_url": "http://someone:s3cret@127.0.0.1:8181"}}, "policy.opa_url"),
        ({"audit": {"elasticsearch": {"url": "https://x:s3cret@127.0.0.1:9200"}}}, "audit.elasticsearch.url"),
        ({"server": {"public_url": "http://x:s3cret@127.0.0.1"}}, "server.public_url"),
    ],
)
def test_an_address_that_is_recorded_carries_no_credential(
    tmp_path: Path, given: dict[str, object], setting: str
) -> None:
    with pytest.raises(SettingsError, match=f"Setting {setting} carries a credential") as refused:
        load_settings(data=tmp_path, **given)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["127.0.0.1:8181", "ftp://127.0.0.1", "http://", "file:///etc/passwd"])
def test_an_address_is_http_or_https(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"policy\.opa_url is not an http or https address"):
        load_settings(data=tmp_path, policy={"engine": "opa", "opa_url": url})


def test_embedded_has_no_public_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"server\.public_url must be a loopback address"):
        load_settings(data=tmp_path, server={"public_url": "http://guildhall.example"})
    forwarded = load_settings(data=tmp_path, server={"public_url": "http://localhost:9000/"})
    assert forwarded.base_url == "http://localhost:9000"


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_has_its_brackets(tmp_path: Path, host: str) -> None:
    assert load_settings(data=tmp_path, server={"host": host}).base_url == "http://[::1]:8400"


@pytest.mark.parametrize("own", ["url", "log_url"])
def test_keys_never_lie_in_the_database_of_what_they_open(own: str) -> None:
    place = "db.example/guildhall"
    database = {own: f"postgresql+asyncpg://one:a@{place}", "keys_url": f"postgresql+asyncpg://two:b@{place}"}
    with pytest.raises(SettingsError, match=r"database\.keys_url"):
        load_settings(database=database)
    apart = load_settings(database={**database, "keys_url": "postgresql+asyncpg://two:b@keys.example/keys"})
    assert apart.keys_url.endswith("@keys.example/keys")


def test_keys_lie_in_a_file_of_their_own_unless_said_otherwise() -> None:
    settings = load_settings(database={"url": "postgresql+asyncpg://one:a@db.example/guildhall"})
    assert settings.keys_url == "sqlite+aiosqlite:///var/keys/subject.db"
