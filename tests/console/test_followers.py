"""The followers that the settings ask for, and what is said of settings that cannot be meant."""

import base64
import ssl
from pathlib import Path
from typing import Any

import pytest

from audit.sinks.port import Sink
from console.errors import SettingsError
from console.followers import build_sinks
from console.settings import load_settings
from tests.audit.sinks.certificates import write_certificates
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch, start

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
ALL: dict[str, Any] = {
    "elasticsearch": {"url": "http://127.0.0.1:1"},
    "splunk": {"url": "http://127.0.0.1:1", "token": "t", "networks": ["127.0.0.0/8"]},
    "syslog": {"host": "127.0.0.1", "port": 1},
    "webhook": {"url": "http://127.0.0.1:1/hook", "secret": SECRET},
}


def build(folder: Path, **audit: Any) -> list[Sink]:
    return build_sinks(load_settings(data=folder, audit=audit))


async def test_each_section_is_a_follower_with_a_cursor_of_its_own(tmp_path: Path) -> None:
    sinks = build(tmp_path, **ALL)
    assert [sink.name for sink in sinks] == ["file", "elasticsearch", "splunk", "syslog", "webhook"]
    healths = {sink.name: await sink.ping() for sink in sinks}
    assert [name for name, health in healths.items() if health.ok] == ["file"]
    assert "private network that is not allowed" in healths["webhook"].sentence
    for sink in sinks:
        await sink.close()


async def test_elasticsearch_is_believed_by_its_own_authority_and_given_its_key(tmp_path: Path) -> None:
    write_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    fake = FakeElasticsearch()
    runner = await start(fake, tls=tls)
    given = {"url": fake.url, "api_key": "a2V5OnNlY3JldA=="}
    for files, sentence in (({"ca_file": tmp_path / "ca.pem"}, "can be written"), ({}, "cannot be reached")):
        [sink] = build(tmp_path, file_sink=False, elasticsearch=given | files)
        assert sentence in (await sink.ping()).sentence
        await sink.close()
    assert fake.credentials == {f"ApiKey {given['api_key']}"}
    await runner.cleanup()


def test_another_format_is_another_file_with_a_cursor_of_its_own(tmp_path: Path) -> None:
    [sink] = build(tmp_path, file_format="ocsf")
    assert (sink.name, (tmp_path / "siem").is_dir()) == ("file-ocsf", True)


def test_none_is_none(tmp_path: Path) -> None:
    assert build(tmp_path, file_sink=False) == []


@pytest.mark.parametrize(
    ("audit", "sentence"),
    [
        ({"webhook": {"url": "http://a", "secret": "no-secret"}}, "whsec_ and base64"),
        ({"webhook": {"url": "gopher://a", "secret": SECRET}}, r"audit\.webhook\.url is not an http"),
        ({"splunk": {"url": "https://me:you@a", "token": "t"}}, r"audit\.splunk\.url carries a credential"),
        ({"syslog": {"host": "a", "port": 0}}, r"audit\.syslog\.port"),
        ({"splunk": {"url": "http://a", "token": "t", "networks": ["all"]}}, r"audit\.splunk\.networks"),
        (
            {"syslog": {"host": "a", "ca_file": "absent.pem"}},
            r"of audit\.syslog cannot be used: No such file",
        ),
        ({"webhook": {"url": "http://a", "secret": SECRET, "ca_file": "absent.pem"}}, r"of audit\.webhook"),
        ({"elasticsearch": {"url": "https://a:9200", "ca_file": "absent.pem"}}, r"of audit\.elasticsearch"),
        (
            {"elasticsearch": {"url": "https://a:9200", "username": "a", "api_key": "b"}},
            "Both an API key and a name",
        ),
        ({"elasticsearch": {"url": "https://a"}}, "says no port"),
        ({"elasticsearch": {"url": "http://a:9200", "ca_file": "absent.pem"}}, "the address is not https"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path, audit: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        build(tmp_path, **audit)
    assert "no-secret" not in str(caught.value)
