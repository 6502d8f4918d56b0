"""What programs are told of errors: one stable shape, nothing of the inside, and the right challenge."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx2
import pytest
import sqlalchemy as sa
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler

from console.asgi import ASGIApp
from console.declared import public
from console.errors import InvalidInputError, RefusedError
from console.problems import ANSWERS
from console.services import Services, with_decider
from tests.console.conftest import Catalog, TokenFor
from tests.console.one_app import console_on
from tests.console.test_work import SilentDecider, execute
from tests.console.visitor import heads, visit

SECRET = "postgresql://someone:s3cret@10.0.0.1/guildhall"
OPEN = public("it only exists in this test")
MEMBERS = {"type", "title", "status", "detail", "reasons"}


def raising(path: str, error: Exception) -> HTTPRouteHandler:
    @get(path, opt=OPEN)
    async def fail() -> None:
        raise error

    return fail


def client_of(app: ASGIApp | Litestar) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=cast("Any", app))
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400")


def answer_of(client: httpx2.Response) -> dict[str, Any]:
    assert client.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = client.json()
    assert found.keys() >= MEMBERS
    assert found["status"] == client.status_code
    assert isinstance(found["reasons"], list)
    return found


@pytest.fixture
async def failing() -> AsyncIterator[httpx2.AsyncClient]:
    """An application whose addresses fail, each in its own way."""
    step_up = {"type": "step_up", "max_age": 300, "acr": ["gold", "silver"]}
    app = Litestar(
        [
            raising("/api/v1/unexpected", LookupError(SECRET)),
            raising("/api/v1/database", sa.exc.OperationalError(SECRET, {"name": SECRET}, Exception(SECRET))),
            raising("/api/v1/refused", ConnectionRefusedError(SECRET)),
            raising(
                "/api/v1/step-up", RefusedError("Sign in.", ("step_up_required",), obligations=[step_up])
            ),
            raising("/api/v1/fields", InvalidInputError("Look again.", ("x",), {"name": "Too long."})),
        ],
        exception_handlers=ANSWERS,  # type: ignore[arg-type]
        openapi_config=None,
        logging_config=None,
    )
    async with client_of(app) as client:
        yield client


@pytest.mark.parametrize(("path", "status"), [("unexpected", 500), ("database", 503), ("refused", 503)])
async def test_nothing_of_the_inside_is_told_or_logged_with_values(
    failing: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, path: str, status: int
) -> None:
    response = await failing.get(f"/api/v1/{path}")
    answer = answer_of(response)
    assert response.status_code == status
    assert "s3cret" not in response.text
    assert "Traceback" not in response.text
    assert "Nothing was changed" in answer["detail"]
    if status == 503:
        assert answer["reasons"] == ["database_unavailable"]
        assert "s3cret" not in caplog.text


async def test_a_missing_step_up_is_challenged_as_rfc_9470_says(failing: httpx2.AsyncClient) -> None:
    response = await failing.get("/api/v1/step-up")
    assert response.status_code == 403
    assert response.headers["www-authenticate"] == (
        'Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age="300"'
    )
    assert answer_of(response)["obligations"] == [
        {"type": "step_up", "max_age": 300, "acr": ["gold", "silver"]}
    ]


async def test_fields_are_named(failing: httpx2.AsyncClient) -> None:
    answer = answer_of(await failing.get("/api/v1/fields"))
    assert answer["fields"] == {"name": "Too long."}
    assert answer["type"] == "urn:guildhall:problem:invalid_input"


async def test_an_unknown_address_and_a_wrong_method_have_the_same_shape(api: httpx2.AsyncClient) -> None:
    absent = await api.get("/nothing/here")
    assert absent.status_code == 404
    assert answer_of(absent)["reasons"] == []
    wrong = await api.delete("/me")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]
    answer_of(wrong)
    asked = await api.request("OPTIONS", "/me")
    assert asked.status_code == 403
    assert answer_of(asked)["reasons"] == ["undeclared_route"]


async def test_empty_segments_do_not_make_a_program_a_person(services: Services) -> None:
    async with client_of(console_on(services)) as client:
        for path in ("/api/v1/me", "//api/v1/me", "/api//v1/me", "/log/checkpoint"):
            response = await client.get(f"http://127.0.0.1:8400{path}")
            assert response.status_code == 401, path
            assert answer_of(response)["reasons"] == ["token_missing"]
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"issuer":1}',
        b'{"issuer":"' + b"x" * 600 + b'","claim":"groups","value":"a","role":"admin"}',
        b'{"issuer":"i","claim":"groups","value":"a","role":"emperor"}',
        b'{"issuer":"i","claim":"groups","value":"a","role":"admin","id":"1","approved":true}',
        b'{"issuer":"\\ud800","claim":"groups","value":"a","role":"admin"}',
        b"[" * 5000,
    ],
)
async def test_input_of_the_wrong_shape_is_refused_in_the_same_shape(
    api: httpx2.AsyncClient, token_for: TokenFor, body: bytes
) -> None:
    headers = {"authorization": f"Bearer {token_for('admin')}", "content-type": "application/json"}
    response = await api.post("/mapping-rules", content=body, headers=headers)
    assert response.status_code in {400, 422}
    answer = answer_of(response)
    assert "msgspec" not in response.text
    assert "pydantic" not in response.text
    assert answer["detail"]


async def test_too_large_a_body_is_refused_in_the_same_shape(
    api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    headers = {"authorization": f"Bearer {token_for('admin')}", "content-type": "application/json"}
    response = await api.post("/mapping-rules", content=b" " * 10_000_001, headers=headers)
    assert response.status_code == 413
    answer_of(response)


async def test_the_hidden_and_the_absent_are_told_alike(
    api: httpx2.AsyncClient, token_for: TokenFor, catalog: Catalog
) -> None:
    headers = {"authorization": f"Bearer {token_for('member')}"}
    told = []
    for name in ("health.tumour-screen", "health.absent-screen"):
        response = await api.get(f"/routes/{name}", headers=headers)
        told.append((response.status_code, response.content, sorted(response.headers)))
    assert told[0] == told[1]
    assert told[0][0] == 404


async def test_an_engine_without_an_answer_is_503_in_api_lists_and_pages(
    services: Services, token_for: TokenFor, catalog: Catalog
) -> None:
    visitor = visit(services)
    await visitor.sign_in("member")
    silent = with_decider(services, SilentDecider())
    headers = {"authorization": f"Bearer {token_for('member')}"}
    async with client_of(console_on(silent)) as client:
        for path in ("/me", "/routes", "/routes/risk.credit-default", "/access-requests"):
            response = await client.get(f"/api/v1{path}", headers=headers)
            assert response.status_code == 503, path
            answer = answer_of(response)
            assert answer["type"] == "urn:guildhall:problem:policy_unavailable"
            assert answer["reasons"] == ["policy_timeout"]
    page = visit(silent)
    page.client.cookies = visitor.client.cookies
    for path in ("/me", "/models", "/requests"):
        shown = await page.client.get(path)
        assert shown.status_code == 503, path
        assert "No decision could be had" in shown.text


async def test_a_database_that_is_gone_is_503_before_anybody_is_known(
    services: Services, token_for: TokenFor
) -> None:
    token, visitor = token_for("member"), visit(services)
    await visitor.sign_in("member")
    await execute(services, "ALTER TABLE identity RENAME TO gone")
    async with client_of(console_on(services)) as client:
        response = await client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 503
    assert answer_of(response)["reasons"] == ["database_unavailable"]
    assert (await visitor.client.get("/me")).status_code == 503


async def test_what_cannot_be_recorded_is_503_in_the_api_and_did_not_happen(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor
) -> None:
    headers = {"authorization": f"Bearer {token_for('admin')}"}
    issuer = services.sign_in.default
    rule = {"issuer": issuer, "claim": "groups", "value": "new", "role": "member", "team": "new"}
    await execute(services, "ALTER TABLE outbox RENAME TO gone")
    response = await api.post("/mapping-rules", json=rule, headers=headers)
    assert response.status_code == 503
    answer = answer_of(response)
    assert answer["type"] == "urn:guildhall:problem:audit_unavailable"
    assert answer["reasons"] == ["audit_unavailable"]
    await execute(services, "ALTER TABLE gone RENAME TO outbox")
    assert await heads(services, "mapping_rule.create") == []
    listed = (await api.get("/mapping-rules", headers=headers)).json()["items"]
    assert "new" not in {item["value"] for item in listed}


async def test_a_token_that_is_not_accepted_is_challenged(
    services: Services, api: httpx2.AsyncClient
) -> None:
    for header in ("Bearer nonsense", "bearer e30.e30.e30"):
        response = await api.get("/me", headers={"authorization": header})
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert answer_of(response)["detail"] == "This access token is not accepted."


async def test_probes_and_shapes_are_open_and_say_nothing_of_anybody(services: Services) -> None:
    async with client_of(console_on(services)) as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["database"] == ready.json()["policy"] == "ok"
        document = (await client.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/me" in document["paths"]
    assert not [path for path in document["paths"] if not path.startswith("/api/v1/")]
