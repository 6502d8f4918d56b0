"""The development provider keeps the rules it teaches."""

import stat
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE, DEMO_RULES, DEMO_TEAMS, DemoRule
from sso.dev.profile import assert_embedded
from sso.dev.tokens import issue_token
from sso.models import RuleRole
from tests.sso.journey import CALLBACK, ISSUER, ORIGIN, Bench, callback_params, choose


async def exchange(bench: Bench, **changed: str | None) -> tuple[int, dict[str, object]]:
    started = await bench.start()
    params = await choose(bench.http, started.url, "member")
    form = {
        "grant_type": "authorization_code",
        "code": params["code"],
        "redirect_uri": CALLBACK,
        "client_id": "guildhall",
        "code_verifier": started.row.code_verifier,
        **changed,
    }
    answer = await bench.http.post(
        f"{ISSUER}/token", data={name: value for name, value in form.items() if value is not None}
    )
    return answer.status_code, answer.json()


async def test_a_code_is_exchanged(bench: Bench) -> None:
    status, answer = await exchange(bench)

    assert status == 200
    assert {"access_token", "id_token", "refresh_token", "token_type", "expires_in"} == answer.keys()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"redirect_uri": f"{ORIGIN}/other"}, "invalid_grant"),
        ({"code": "guess"}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_case_16_a_code_alone_is_worth_nothing(
    bench: Bench, changed: dict[str, str | None], error: str
) -> None:
    status, answer = await exchange(bench, **changed)

    assert status in {400, 401}
    assert answer == {"error": error}


async def test_a_code_works_once_and_for_a_minute(bench: Bench) -> None:
    started = await bench.start()
    params = await choose(bench.http, started.url, "member")
    await bench.finish(started, params)
    with pytest.raises(Exception, match="did not accept"):
        await bench.finish(started, params)
    late = await bench.start()
    params = await choose(bench.http, late.url, "member")
    bench.clock.forward(61)

    with pytest.raises(Exception, match="did not accept"):
        await bench.finish(late, params)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("code_challenge_method=S256", "code_challenge_method=plain", "invalid_request"),
        ("code_challenge=", "code_challenge=short&other=", "invalid_request"),
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("scope=openid", "scope=closed", "invalid_scope"),
        ("nonce=", "other=", "invalid_request"),
        ("response_type=code", "response_type=code&prompt=none", "login_required"),
    ],
)
async def test_bad_requests_go_back_with_an_error(bench: Bench, old: str, new: str, error: str) -> None:
    started = await bench.start()
    for method in ("GET", "POST"):
        answer = await bench.http.request(method, started.url.replace(old, new))
        params = callback_params(answer.headers["location"])

        assert answer.status_code == 303
        assert (params["error"], params["iss"]) == (error, ISSUER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("client_id=guildhall", "client_id=other"),
        ("redirect_uri=http", "redirect_uri=https"),
        ("callback", "callback%2F..%2Fx"),
        ("redirect_uri=", "redirect_uri=http%3A%2F%2Fevil&redirect_uri="),
    ],
)
async def test_untrusted_requests_go_nowhere(bench: Bench, old: str, new: str) -> None:
    started = await bench.start()
    answer = await bench.http.get(started.url.replace(old, new, 1))

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_the_page_offers_five_people_without_a_script(bench: Bench) -> None:
    page = await bench.http.get((await bench.start()).url)

    assert page.text.count("<button") == 5
    assert "<script" not in page.text
    assert "Development identity provider" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_a_step_up_asks_to_confirm(bench: Bench) -> None:
    page = await bench.http.get((await bench.start(step_up=True)).url)
    claims = await bench.sign_in("owner", step_up=True)

    assert "Confirm it is you" in page.text
    assert (claims.acr, claims.auth_time) == ("dev-2", bench.clock.now)


async def test_the_page_escapes_what_it_is_given(bench: Bench) -> None:
    page = await bench.http.get((await bench.start()).url + "&x=%22%3E%3Cscript%3E&y='\"")

    assert "<script" not in page.text
    assert "y='\"" not in page.text


async def test_an_unknown_person_gets_no_code(bench: Bench) -> None:
    answer = await bench.http.post((await bench.start()).url, data={"person": "root"})

    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"x" * 20_000, "person=é".encode(), b"person=a&person=b"])
async def test_unreadable_forms_are_refused(bench: Bench, body: bytes) -> None:
    answer = await bench.http.post((await bench.start()).url, content=body)

    assert answer.status_code == 400


async def test_another_host_name_is_refused(bench: Bench) -> None:
    answer = await bench.http.get(f"{ISSUER}/jwks", headers={"host": "rebound.example"})

    assert answer.status_code == 421


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/token"), ("POST", "/jwks"), ("PUT", "/jwks"), ("GET", "/x")]
)
async def test_nothing_else_is_there(bench: Bench, method: str, path: str) -> None:
    assert (await bench.http.request(method, ISSUER + path)).status_code == 404


async def test_signing_out_leads_back_here_only(bench: Bench) -> None:
    address = await bench.party.sign_out_url(f"{ORIGIN}/")
    assert address is not None
    back = await bench.http.get(address)
    away = await bench.http.get(f"{ISSUER}/end_session?post_logout_redirect_uri=https%3A%2F%2Fevil.example")

    assert back.headers["location"] == f"{ORIGIN}/"
    assert "location" not in away.headers


def test_the_key_is_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "dev-idp.key"
    first, second = load_key(path), load_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.thumbprint() == second.thumbprint()
    assert [entry.name for entry in path.parent.iterdir()] == ["dev-idp.key"]


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dev-idp.key"
    load_key(path)
    path.chmod(0o644)

    with pytest.raises(PermissionError, match="chmod 600"):
        load_key(path)


def test_the_published_key_is_public(bench: Bench) -> None:
    published = bench.provider.jwks()["keys"][0]

    assert isinstance(bench.provider.key, ECKey)
    assert "d" not in published


@pytest.mark.parametrize(
    ("profile", "host"), [("production", "127.0.0.1"), ("embedded", "10.0.0.1"), ("", "::1")]
)
def test_case_24_only_embedded_and_on_loopback(profile: str, host: str) -> None:
    with pytest.raises(ValueError, match="only runs"):
        assert_embedded(profile, host)


def test_case_24_embedded_on_loopback_is_fine() -> None:
    assert_embedded("embedded", "127.0.0.1")


def test_a_stranger_gets_no_dev_token(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        issue_token(tmp_path / "key", ISSUER, "stranger", False, 0)


def test_the_demo_is_what_the_contract_says() -> None:
    given = {(person, rule.role, rule.team) for person, rule in demo_rights()}

    assert set(DEMO_PEOPLE) == {"admin", "auditor", "reviewer", "owner", "member"}
    assert ("member", RuleRole.MEMBER, "retail") in given
    assert ("owner", RuleRole.OWNER, "risk") in given
    assert {("reviewer", RuleRole.REVIEWER, None), ("admin", RuleRole.ADMIN, None)} <= given
    assert ("auditor", RuleRole.AUDITOR, None) in given
    assert {team for _, _, team in given if team} <= set(DEMO_TEAMS)


def demo_rights() -> list[tuple[str, DemoRule]]:
    return [
        (handle, rule)
        for handle, person in DEMO_PEOPLE.items()
        for rule in DEMO_RULES
        if rule.value in person.groups
    ]
