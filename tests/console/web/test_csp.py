import re

import pytest
from litestar import Litestar, MediaType, Response, get
from litestar.testing import TestClient

from console.web.csp import PageHeaders, content_security_policy, nonce


@get("/", media_type=MediaType.HTML)
async def page() -> str:
    return nonce()


@get("/own", media_type=MediaType.HTML)
async def own() -> Response[str]:
    return Response(
        "x", headers={"Cache-Control": "public", "Content-Security-Policy": "sandbox", "Vary": "Cookie"}
    )


@get("/json")
async def data() -> dict[str, int]:
    return {"a": 1}


def client() -> TestClient[Litestar]:
    app = Litestar([page, own, data], openapi_config=None)
    return TestClient(PageHeaders(app, ["https://sso.example"]))  # type: ignore[arg-type]


def test_policy_names_no_host_but_the_form_targets() -> None:
    policy = content_security_policy("abc", ["https://sso.example"])
    assert "script-src 'nonce-abc';" in policy
    assert "form-action 'self' https://sso.example;" in policy
    assert "require-trusted-types-for 'script'; trusted-types htmx" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_every_answer_has_its_own_nonce() -> None:
    with client() as asking:
        answers = [asking.get("/") for _ in range(2)]
    for answer in answers:
        assert f"'nonce-{answer.text}'" in answer.headers["content-security-policy"]
        assert len(answer.text) >= 22
    assert answers[0].text != answers[1].text


def test_pages_are_not_kept_and_vary_by_htmx() -> None:
    with client() as asking:
        answer = asking.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "HX-Request"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert re.search("frame-ancestors 'none'", answer.headers["content-security-policy"])


def test_an_answers_own_headers_win() -> None:
    with client() as asking:
        answer = asking.get("/own")
    assert answer.headers["cache-control"] == "public"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert set(answer.headers["vary"].replace(" ", "").split(",")) == {"Cookie", "HX-Request"}


def test_answers_made_before_routing_are_confined_too() -> None:
    with client() as asking:
        answer = asking.get("/nowhere")
    assert answer.status_code == 404
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_data_does_not_vary_by_htmx() -> None:
    with client() as asking:
        assert "vary" not in asking.get("/json").headers


def test_outside_a_request_there_is_no_nonce() -> None:
    with pytest.raises(LookupError):
        nonce()
