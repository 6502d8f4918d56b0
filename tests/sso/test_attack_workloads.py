"""Workload tokens: only the very workload that is pinned, for us alone, and not for long."""

import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from sso.errors import TokenError
from sso.models import TrustedIssuer
from sso.workload import Workloads, claim_at

NOW = 1_800_000_000
ISSUER = "https://kubernetes.default.svc.cluster.local"
UID = "6b3c1f0e-8f4b-4a55-9a5b-0f4ad1f3b1aa"
KEY = ECKey.generate_key("P-256", {"kid": "cluster"})
PINS = {
    "/kubernetes.io/namespace": "scoring",
    "/kubernetes.io/serviceaccount/uid": UID,
}


def trusted(**changes: Any) -> TrustedIssuer:
    made: dict[str, Any] = {
        "id": uuid4(),
        "name": "cluster",
        "issuer": ISSUER,
        "audience": "guildhall",
        "jwks": json.dumps({"keys": [KEY.as_dict(private=False)]}),
        "pins": json.dumps(PINS),
        "longest": 3600,
        "service_id": uuid4(),
        "change_id": uuid4(),
        "created": 0,
    }
    return TrustedIssuer(**(made | changes))


def token(key: ECKey = KEY, workload: dict[str, Any] | None = None, **changes: Any) -> str:
    names = {
        "namespace": "scoring",
        "serviceaccount": {"name": "batch", "uid": UID},
        "pod": {"name": "batch-1", "uid": str(uuid4())},
    }
    claims = {
        "iss": ISSUER,
        "sub": "system:serviceaccount:scoring:batch",
        "aud": ["guildhall"],
        "iat": NOW - 10,
        "exp": NOW + 600,
        "kubernetes.io": names | (workload or {}),
    }
    sent = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "cluster"}, sent, key)


@pytest.fixture
async def workloads() -> Any:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(_no_network)) as http:
        yield Workloads(http, lambda: NOW * 1_000_000)


def _no_network(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(503)


async def test_the_workload_that_is_pinned_is_believed(workloads: Workloads) -> None:
    one, other = trusted(), trusted(pins=json.dumps({"/kubernetes.io/namespace": "payments"}))
    found, claims = await workloads.believe(token(), [other, one])
    assert (found is one, claims["sub"]) == (True, "system:serviceaccount:scoring:batch")


REFUSED: dict[str, dict[str, Any]] = {
    "legacy_without_audience": {"aud": None},
    "another_audience": {"aud": ["https://kubernetes.default.svc"]},
    "a_wider_audience": {"aud": ["guildhall", "vault"]},
    "another_namespace": {"workload": {"namespace": "payments"}},
    "the_name_again_with_another_uid": {
        "workload": {"serviceaccount": {"name": "batch", "uid": str(uuid4())}}
    },
    "no_uid": {"workload": {"serviceaccount": {"name": "batch"}}},
    "a_list_of_uids": {"workload": {"serviceaccount": {"uid": [UID]}}},
    "another_key": {"key": ECKey.generate_key("P-256", {"kid": "cluster"})},
    "another_issuer": {"iss": "https://evil.example"},
}


@pytest.mark.parametrize("case", REFUSED)
async def test_case_44_another_workload_is_refused(workloads: Workloads, case: str) -> None:
    with pytest.raises(TokenError) as refused:
        await workloads.believe(token(**REFUSED[case]), [trusted()])
    assert refused.value.reason == "workload_not_trusted"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": None}, "missing_claim:exp"),
        ({"iat": None}, "missing_claim:iat"),
        ({"sub": None}, "missing_claim:sub"),
        ({"exp": NOW - 60}, "expired_token:exp"),
        ({"exp": NOW + 3600}, "lasts_too_long"),
        ({"nbf": NOW + 300}, "invalid_claim:nbf"),
    ],
)
async def test_case_44_a_token_that_does_not_end_soon_is_refused(
    workloads: Workloads, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TokenError) as refused:
        await workloads.believe(token(**changes), [trusted()])
    assert refused.value.reason == reason


async def test_two_that_fit_are_none(workloads: Workloads) -> None:
    with pytest.raises(TokenError) as refused:
        await workloads.believe(token(), [trusted(), trusted()])
    assert refused.value.reason == "workload_not_trusted"


async def test_trust_without_a_pin_trusts_nobody(workloads: Workloads) -> None:
    with pytest.raises(TokenError):
        await workloads.believe(token(), [trusted(pins="{}")])


async def test_keys_that_cannot_be_had_are_told_apart(workloads: Workloads) -> None:
    away = trusted(jwks=None, jwks_url="https://keys.example/jwks")
    with pytest.raises(TokenError) as refused:
        await workloads.believe(token(), [away])
    assert refused.value.reason == "issuer_unavailable"


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("/a.b/c", "x"), ("/a~1b", "y"), ("/a.b", None), ("/n", None), ("/a.b/c/d", None), ("/", None)],
)
def test_pins_are_json_pointers_to_texts(pointer: str, found: str | None) -> None:
    assert claim_at({"a.b": {"c": "x"}, "a/b": "y", "n": 1}, pointer) == found


async def test_an_unknown_key_id_does_not_ask_the_issuer_once_per_token() -> None:
    asked = list[str]()

    def keys(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, json={"keys": [KEY.as_dict(private=False)]})

    theirs = trusted(jwks=None, jwks_url="https://keys.example/jwks")
    unknown = jwt.encode({"alg": "ES256", "kid": "another"}, {"iss": ISSUER, "aud": ["guildhall"]}, KEY)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(keys)) as http:
        workloads = Workloads(http, lambda: NOW * 1_000_000)
        for _ in range(5):
            with pytest.raises(TokenError):
                await workloads.believe(unknown, [theirs])
    assert len(asked) == 1
