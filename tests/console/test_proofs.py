"""A token that is bound to a key opens the API and the gateway only with a proof of that key."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

from console.services import Services
from sso.dev.key import load_key
from sso.dev.people import DEMO_PEOPLE
from sso.dev.tokens import access_claims, confirm, sign
from sso.dpop import token_hash
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.conftest import CREDIT, Desk, cluster, desk, gateway, granted

__all__ = ["cluster", "desk", "gateway", "granted"]  # fixtures of the gateway's own tests

KEY = ECKey.generate_key("P-256")
Issue = Callable[..., str]


@pytest.fixture
def issue(services: Services, people: object) -> Issue:
    """An access token of the member, with other claims where asked."""

    def made(**changes: Any) -> str:
        now = services.clock() // 1_000_000
        signed_in = confirm(DEMO_PEOPLE["member"], step_up=False, now=now)
        claims = access_claims(services.sign_in.default, signed_in, now)
        return sign(load_key(services.settings.data / "dev-idp.key"), claims | changes, "at+jwt")

    return made


@pytest.fixture
def bound(issue: Issue) -> str:
    return issue(cnf={"jkt": KEY.thumbprint()})


def prove(services: Services, token: str, url: str, method: str = "GET", key: ECKey = KEY) -> str:
    now = services.clock() // 1_000_000
    claims = {"htm": method, "htu": url, "iat": now, "jti": uuid7().hex, "ath": token_hash(token)}
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key)


def me(services: Services) -> str:
    return f"{services.settings.base_url}/api/v1/me"


async def refusal(
    api: httpx2.AsyncClient, headers: dict[str, str] | list[tuple[str, str]]
) -> tuple[int, str, str]:
    answer = await api.get("/me", headers=headers)
    return answer.status_code, answer.json()["reasons"][0], answer.headers["www-authenticate"].split()[0]


async def test_a_bound_token_with_its_proof_is_accepted(
    services: Services, api: httpx2.AsyncClient, bound: str
) -> None:
    for _ in range(2):
        headers = {"authorization": f"DPoP {bound}", "dpop": prove(services, bound, me(services))}
        assert (await api.get("/me", headers=headers)).status_code == 200


async def test_case_45_a_bound_token_without_its_proof_is_401(
    services: Services, api: httpx2.AsyncClient, bound: str
) -> None:
    proof = prove(services, bound, me(services))
    missing = (401, "dpop_missing", "DPoP")
    assert await refusal(api, {"authorization": f"Bearer {bound}"}) == missing
    assert await refusal(api, {"authorization": f"Bearer {bound}", "dpop": proof}) == missing
    assert await refusal(api, {"authorization": f"DPoP {bound}"}) == missing
    twice = [("authorization", f"DPoP {bound}"), ("dpop", proof), ("dpop", proof)]
    assert await refusal(api, twice) == missing


async def test_case_45_a_replayed_proof_or_one_of_another_request_is_401(
    services: Services, api: httpx2.AsyncClient, bound: str
) -> None:
    headers = {"authorization": f"DPoP {bound}", "dpop": prove(services, bound, me(services))}
    assert (await api.get("/me", headers=headers)).status_code == 200
    assert await refusal(api, headers) == (401, "dpop_replayed", "DPoP")
    other = {
        "dpop_request": prove(services, bound, me(services), "POST"),
        "dpop_key": prove(services, bound, me(services), key=ECKey.generate_key("P-256")),
        "dpop_token": prove(services, "another", me(services)),
    }
    for reason, proof in other.items():
        given = {"authorization": f"DPoP {bound}", "dpop": proof}
        assert await refusal(api, given) == (401, reason, "DPoP")


async def test_a_proof_does_not_make_a_plain_token_a_bound_one(
    services: Services, api: httpx2.AsyncClient, issue: Issue
) -> None:
    plain = issue()
    headers = {"authorization": f"DPoP {plain}", "dpop": prove(services, plain, me(services))}
    assert await refusal(api, headers) == (401, "dpop_unbound", "DPoP")


@pytest.mark.parametrize("cnf", [{"x5t#S256": "a"}, {"jkt": "a", "x5t#S256": "a"}, {"jkt": 1}, "a", None])
async def test_a_binding_that_is_not_understood_is_not_ignored(
    api: httpx2.AsyncClient, issue: Issue, cnf: object
) -> None:
    answer = await refusal(api, {"authorization": f"Bearer {issue(cnf=cnf)}"})
    assert answer == (401, "binding_unknown", "Bearer")


async def test_the_gateway_asks_for_the_proof_too(
    services: Services, granted: Desk, cluster: ScriptedCluster, bound: str
) -> None:
    path = f"{CREDIT}/infer"
    url = f"http://127.0.0.1:{granted.port}{path}"
    sent = {"authorization": f"DPoP {bound}", "dpop": prove(services, bound, url, "POST")}
    statuses = [(await granted.http.post(path, content=b"{}", headers=sent)).status_code for _ in range(2)]
    assert statuses == [200, 401]
    bare = await granted.http.post(path, content=b"{}", headers={"authorization": f"Bearer {bound}"})
    assert (bare.status_code, bare.json()["reasons"]) == (401, ["dpop_missing"])
    assert bare.headers["www-authenticate"].startswith("DPoP")


@pytest.mark.parametrize(
    "audience",
    ["guildhall-admin", "https://guildhall", "", [], ["account"], ["guildhall*"], "*", "Guildhall"],
)
async def test_case_47_a_token_exchanged_for_another_audience_is_401(
    api: httpx2.AsyncClient, issue: Issue, audience: object
) -> None:
    answer = await api.get("/me", headers={"authorization": f"Bearer {issue(aud=audience)}"})
    assert (answer.status_code, answer.json()["reasons"][0].partition(":")[2]) == (401, "aud")
