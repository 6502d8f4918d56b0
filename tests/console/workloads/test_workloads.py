"""A workload's token opens API and gateway as the service account that two people trusted it to be."""

import json
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from console.services import Services
from tests.console.custody.conftest import Office, office

pytestmark = pytest.mark.slow

__all__ = ["office"]  # a fixture of the change's own tests

ISSUER = "https://ci.example"
KEY = ECKey.generate_key("P-256", {"kid": "ci"})
ASKED: dict[str, Any] = {
    "name": "ci",
    "issuer": ISSUER,
    "audience": "guildhall",
    "jwks": json.dumps({"keys": [KEY.as_dict(private=False)]}),
    "pins": {"/repository_id": "74", "/ref": "refs/heads/main"},
    "longest_seconds": 600,
}


@pytest.fixture
async def account(office: Office, people: object) -> str:
    body = {"team": "risk", "name": "pipeline", "purpose": "scores every night"}
    made = await office.call("owner", "POST", "/service-accounts", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@pytest.fixture
async def trusted(office: Office, account: str) -> str:
    change = await office.ask("admin", "/trusted-issuers", service=account, **ASKED)
    await office.approve(change)
    assert await office.acts(change) == [
        "change.create",
        "change.review",
        "trusted_issuer.create",
        "change.execute",
    ]
    listed = (await office.get("auditor", "/trusted-issuers"))["items"]
    assert [(one["name"], one["state"], one["service"]) for one in listed] == [("ci", "trusted", account)]
    return str(listed[0]["id"])


def token(services: Services, **changes: Any) -> str:
    now = services.clock() // 1_000_000
    claims = {
        "iss": ISSUER,
        "sub": "repo:bank/scoring:ref:refs/heads/main",
        "aud": "guildhall",
        "iat": now,
        "exp": now + 300,
        "repository_id": "74",
        "ref": "refs/heads/main",
    }
    return jwt.encode({"alg": "ES256", "kid": "ci"}, claims | changes, KEY)


async def me(api: httpx2.AsyncClient, bearer: str) -> tuple[int, str]:
    answer = await api.get("/me", headers={"authorization": f"Bearer {bearer}"})
    body = answer.json()
    return answer.status_code, body["handle"] if answer.status_code == 200 else body["reasons"][0]


async def test_a_trusted_workload_is_its_service_account(
    services: Services, api: httpx2.AsyncClient, trusted: str
) -> None:
    assert await me(api, token(services)) == (200, "risk.pipeline")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"repository_id": "75"}, "workload_not_trusted"),
        ({"ref": "refs/pull/1"}, "workload_not_trusted"),
        ({"aud": "another"}, "workload_not_trusted"),
        ({"iss": "https://another.example"}, "unknown_issuer"),
        ({"exp": 1}, "expired_token:exp"),
        ({"exp": 1_900_000_000}, "lasts_too_long"),
    ],
)
async def test_case_44_a_token_of_something_else_is_401(
    services: Services, api: httpx2.AsyncClient, trusted: str, changes: dict[str, Any], reason: str
) -> None:
    assert await me(api, token(services, **changes)) == (401, reason)


async def test_nobody_is_trusted_before_somebody_else_approved(
    services: Services, api: httpx2.AsyncClient, office: Office, account: str
) -> None:
    change = await office.ask("admin", "/trusted-issuers", service=account, **ASKED)
    assert await me(api, token(services)) == (401, "unknown_issuer")
    assert (await office.answer("admin", change)).status_code == 403
    assert (await office.answer("owner", change)).status_code == 404
    assert await me(api, token(services)) == (401, "unknown_issuer")


async def test_the_end_of_trust_and_of_the_account_count_at_once(
    services: Services, api: httpx2.AsyncClient, office: Office, account: str, trusted: str
) -> None:
    await services.feed.start()
    bearer = token(services)
    assert [await me(api, bearer) for _ in range(2)] == [(200, "risk.pipeline")] * 2
    path, why = f"/trusted-issuers/{trusted}", {"reason": "The repository has moved"}
    assert (await office.call("owner", "DELETE", path, json=why)).status_code == 403
    assert (await office.call("admin", "DELETE", path, json=why)).status_code == 204
    assert await me(api, bearer) == (401, "unknown_issuer")
    assert (await office.call("admin", "DELETE", path, json=why)).status_code == 409
    await services.feed.stop()


@pytest.mark.parametrize(
    "wrong",
    [
        {"pins": {}},
        {"pins": {"repository_id": "74"}},
        {"jwks": None},
        {"jwks": "{}"},
        {"jwks_url": "https://ci.example/jwks"},
        {"issuer": "http://ci.example"},
        {"longest_seconds": 100_000},
    ],
)
async def test_trust_that_makes_no_sense_cannot_be_asked_for(
    office: Office, account: str, wrong: dict[str, Any]
) -> None:
    status, _ = await office.refused("admin", "/trusted-issuers", service=account, **(ASKED | wrong))
    assert status == 422


async def test_an_issuer_that_signs_people_in_is_none_of_workloads(
    office: Office, services: Services, account: str
) -> None:
    asked = ASKED | {"issuer": services.sign_in.default}
    refused = await office.refused("admin", "/trusted-issuers", service=account, **asked)
    assert refused == (409, ["issuer_signs_people_in"])
    assert (await office.refused("owner", "/trusted-issuers", service=account, **ASKED))[0] == 403
