"""`guildhall login`: the device flow against the development provider, and the file that keeps its tokens."""

import asyncio
import json
import stat
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from console.cli import device_flow
from console.cli.client import Client, open_client
from console.cli.failures import CommandError
from console.cli.login import login, logout
from console.cli.logins import Login, keep_login, logins_path, read_login
from console.sign_in.resource import CLIENTS, PATH
from sso.dev.people import DEMO_PEOPLE
from sso.dev.provider import DevProvider
from sso.dev.tokens import confirm
from tests.sso.journey import ISSUER, SettableClock

URL = "http://127.0.0.1:8400"
KEPT = Login(ISSUER, "guildhall-cli", f"{ISSUER}/token", 2**40, "the-access-token", "the-refresh-token")


class Far:
    """The development provider and a Guildhall at the other end, without a network."""

    def __init__(self, folder: Path) -> None:
        self.clock = SettableClock(int(time.time()))
        self.provider = DevProvider(ISSUER, folder / "dev-idp.key", DEMO_PEOPLE, self.clock)

    def fetch(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        if url == URL + PATH:
            return {CLIENTS: {ISSUER: "guildhall-cli"}}
        return asyncio.run(self._fetch(url, form))

    async def _fetch(self, url: str, form: Mapping[str, str] | None) -> dict[str, Any]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.provider)) as http:
            answer = await (http.get(url) if form is None else http.post(url, data=dict(form)))
        said: dict[str, Any] = answer.json()
        return said

    def let_in(self, handle: str) -> None:
        for waiting in self.provider.devices._waiting.values():
            waiting.signed_in = confirm(DEMO_PEOPLE[handle], step_up=False, now=self.clock.now)


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GUILDHALL_URL", URL)
    monkeypatch.delenv("GUILDHALL_TOKEN", raising=False)
    return Far(tmp_path)


def run_login(far: Far, monkeypatch: pytest.MonkeyPatch) -> str:
    def pause(seconds: float) -> None:
        far.clock.forward(int(seconds))
        if far.clock.now > time.time() + 12:
            far.let_in("member")

    wait = device_flow.wait
    monkeypatch.setattr(device_flow, "fetch_json", far.fetch)
    monkeypatch.setattr(device_flow, "read_provider", lambda issuer: _provider(far, issuer))
    monkeypatch.setattr(device_flow, "begin", lambda given, client: _begin(far, given, client))
    monkeypatch.setattr(
        device_flow, "wait", lambda given, client, begun: wait(given, client, begun, far.fetch, pause)
    )
    done = CliRunner().invoke(login, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


_read_provider, _begin_device = device_flow.read_provider, device_flow.begin


def _provider(far: Far, issuer: str) -> dict[str, Any]:
    return _read_provider(issuer, far.fetch)


def _begin(far: Far, provider: Mapping[str, Any], client: str) -> dict[str, Any]:
    return _begin_device(provider, client, far.fetch)


def test_a_login_shows_the_code_and_keeps_tokens_for_its_owner_alone(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = run_login(far, monkeypatch)
    kept = read_login(URL)
    assert kept is not None
    assert f"{ISSUER}/device?user_code=" in output
    assert "eyJ" not in output
    assert stat.S_IMODE(logins_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(logins_path().parent.stat().st_mode) == 0o700
    with open_client("admin") as client:
        assert client._http.headers["authorization"] == f"Bearer {kept.access_token}"


def test_a_given_token_comes_first(far: Far) -> None:
    logins_path().parent.mkdir(parents=True)
    keep_login(URL, KEPT)
    with open_client("admin", "given") as client:
        assert client._http.headers["authorization"] == "Bearer given"


def test_a_login_is_for_one_address_alone(far: Far, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    logins_path().parent.mkdir(parents=True)
    keep_login(URL, KEPT)
    monkeypatch.setenv("GUILDHALL_URL", "https://elsewhere.example")
    monkeypatch.setenv("GUILDHALL_DATA", str(tmp_path))
    with pytest.raises(CommandError, match="access token is needed"):
        open_client("admin")


def test_a_token_that_is_over_is_renewed_once(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    run_login(far, monkeypatch)
    before = read_login(URL)
    assert before is not None
    assert device_flow.valid_token(URL, far.fetch) == before.access_token
    keep_login(URL, replace(before, expires=0))
    renewed = device_flow.valid_token(URL, far.fetch)
    after = read_login(URL)
    assert after is not None
    assert renewed == after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token


def test_a_login_that_ended_at_the_provider_is_forgotten(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    run_login(far, monkeypatch)
    kept = read_login(URL)
    assert kept is not None
    far.provider.revoked({"token": kept.refresh_token or "", "client_id": kept.client_id})
    with pytest.raises(CommandError, match="run `guildhall login`"):
        device_flow.valid_token(URL, far.fetch, renew=True)
    assert read_login(URL) is None


def test_a_logout_ends_it_here_and_there(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    run_login(far, monkeypatch)
    kept = read_login(URL)
    assert kept is not None
    assert device_flow.end(URL, far.fetch)
    assert read_login(URL) is None
    form = {
        "grant_type": "refresh_token",
        "client_id": kept.client_id,
        "refresh_token": kept.refresh_token or "",
    }
    assert far.fetch(kept.token_endpoint, form) == {"error": "invalid_grant"}
    again = CliRunner().invoke(logout)
    assert (again.exit_code, "not signed in" in again.output) == (1, True)


def test_a_file_that_others_can_read_is_not_used(far: Far) -> None:
    logins_path().parent.mkdir(parents=True)
    logins_path().write_text(json.dumps({}))
    logins_path().chmod(0o640)
    with pytest.raises(PermissionError, match="0600"):
        read_login(URL)


def test_case_46_who_is_refused_or_too_late_gets_nothing(far: Far) -> None:
    provider = device_flow.read_provider(ISSUER, far.fetch)
    begun = device_flow.begin(provider, "guildhall-cli", far.fetch)
    with pytest.raises(CommandError, match="in time"):
        device_flow.wait(provider, "guildhall-cli", begun, far.fetch, lambda s: far.clock.forward(int(s)))
    begun = device_flow.begin(provider, "guildhall-cli", far.fetch)
    for waiting in far.provider.devices._waiting.values():
        waiting.denied = True
    with pytest.raises(CommandError, match="said no"):
        device_flow.wait(provider, "guildhall-cli", begun, far.fetch, lambda s: far.clock.forward(int(s)))


@pytest.mark.parametrize("said", [{"issuer": "https://evil.example"}, {"issuer": ISSUER}, {}])
def test_another_provider_or_one_without_devices_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        device_flow.read_provider(ISSUER, lambda *_: said)


def test_case_48_no_token_shows_in_a_repr() -> None:
    assert "the-" not in repr(KEPT)


def test_a_refused_token_is_renewed_and_the_request_sent_again() -> None:
    seen = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return httpx2.Response(200 if "fresh" in seen[-1] else 401, json={})

    with Client(URL, "old", lambda: "fresh") as client:
        client._http = httpx2.Client(
            transport=httpx2.MockTransport(answer), base_url=URL, headers={"Authorization": "Bearer old"}
        )
        assert client.get("/api/v1/me") == {}
    assert seen == ["Bearer old", "Bearer fresh"]
