"""The catalog over HTTP: statuses, bodies, and what attackers send."""

import json
from typing import Any

import httpx2
import pytest

from console.models import Model
from console.services import Services
from tests.console.catalog.conftest import bound, publication, rows_of
from tests.console.catalog.v2_cluster import V2Cluster
from tests.console.conftest import TokenFor

pytestmark = pytest.mark.slow  # each asks over HTTP as several people

REASON = {"reason": "wrong answers"}


@pytest.fixture
def call(api: httpx2.AsyncClient, token_for: TokenFor) -> Any:
    async def send(who: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        token = token_for(who, step_up=rest.pop("step_up", False))
        headers = {"authorization": f"Bearer {token}"} | rest.pop("headers", {})
        return await api.request(method, path, headers=headers, **rest)

    return send


@pytest.mark.usefixtures("catalog")
async def test_hidden_and_absent_answer_alike(call: Any) -> None:
    for method, suffix, body in (("GET", "", None), ("POST", "/stop", REASON), ("POST", "/start", REASON)):
        answers = [
            await call("member", method, f"/routes/{name}{suffix}", **({"json": body} if body else {}))
            for name in ("health.tumour-screen", "health.no-such", "nothing", "%00", "a%2Fb", "x" * 300)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers[:4]}) == 1
        assert len({frozenset(set(answer.headers) - {"content-length"}) for answer in answers[:4]}) == 1


@pytest.mark.usefixtures("catalog")
async def test_the_first_step_of_the_golden_path(call: Any) -> None:
    found = (await call("member", "GET", "/routes", params={"q": "credit"})).json()
    assert found["next"] is None
    [item] = found["items"]
    assert (item["name"], item["visibility"], item["access"]) == ("risk.credit-default", "listed", "none")


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%ff", "q=%25", "q=" + "x" * 5000, "after=zz", "after=WyJcdTAwMDAiXQ", "limit=0", "limit=x"],
)
async def test_no_query_is_our_fault(query: str, call: Any) -> None:
    answer = await call("member", "GET", f"/routes?{query}")
    assert answer.status_code in {200, 422}, answer.text


async def test_from_a_cluster_to_a_published_model(call: Any, cluster: V2Cluster) -> None:
    cluster.serve(("churn", "1"), ("churn", "2"))
    made = await call("admin", "POST", "/clusters", json={"name": "main", "url": cluster.url})
    assert (made.status_code, made.json()["state"]) == (201, "new")
    synced = await call("admin", "POST", "/clusters/main/sync")
    assert (synced.status_code, synced.json()) == (200, {"served": 2, "drafts": 2})
    asked = await call("owner", "POST", "/models", json=publication())
    assert (asked.status_code, asked.json()["state"]) == (201, "pending")
    again = await call("owner", "POST", "/models", json=publication())
    assert (again.status_code, again.json()["reasons"]) == (409, ["already_pending"])
    answer = {"decision": "approve", "meaning": "Read it", "content_hash": asked.json()["content_hash"]}
    path, strong = f"/changes/{asked.json()['id']}/reviews", {"step_up": True}
    assert (await call("reviewer", "POST", path, json=answer, **strong)).json()["state"] == "approved"
    used = await call("owner", "POST", "/models", json=publication())
    assert (used.status_code, used.json()["reasons"]) == (409, ["name_taken"])
    other = await call("owner", "POST", "/models", json=publication(name="other"))
    assert (other.status_code, other.json()["reasons"]) == (422, ["no_such_draft"])
    shown = (await call("member", "GET", "/routes/risk.churn")).json()
    assert [(one["label"], one["weight"], one["state"]) for one in shown["versions"]] == [
        ("2", 70, "ready"),
        ("1", 30, "ready"),
    ]
    assert cluster.url not in json.dumps(shown)
    listed = (await call("auditor", "GET", "/clusters/main/deployments")).json()["items"]
    assert [one["draft"] for one in listed] == [False, False]


async def test_who_may_not_is_told_so_before_anything_is_asked_of_a_cluster(
    call: Any, registered: V2Cluster
) -> None:
    for who in ("member", "owner", "reviewer", "auditor"):
        assert (await call(who, "POST", "/clusters/main/sync")).status_code == 403
        made = await call(who, "POST", "/clusters", json={"name": "x", "url": registered.url})
        assert made.status_code == 403
    for who in ("member", "owner", "reviewer"):
        assert (await call(who, "GET", "/clusters")).status_code == 403
        assert (await call(who, "GET", "/clusters/main/deployments")).status_code == 403
    assert registered.asked == []


@pytest.mark.usefixtures("registered")
async def test_the_owner_of_another_team_gets_403(call: Any, services: Services) -> None:
    answer = await call("owner", "POST", "/models", json=publication(team="retail", namespace="retail"))
    assert (answer.status_code, answer.json()["reasons"]) == (403, ["role_missing:owner"])
    answer = await call("member", "POST", "/models", json=publication())
    assert answer.status_code == 403
    assert await rows_of(services, Model) == []


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    "change",
    [
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"model_id": "x"},
        {"state": "active"},
        {"versions": [bound("1", version_id="x")]},
        {"versions": [bound("1") | {"state": "ready"}]},
    ],
)
async def test_more_than_the_form_names_is_refused(
    change: dict[str, Any], call: Any, services: Services
) -> None:
    answer = await call("owner", "POST", "/models", json=publication(**change))
    assert answer.status_code == 422
    assert await rows_of(services, Model) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
async def test_a_body_of_another_shape_is_refused(body: bytes, call: Any) -> None:
    headers = {"content-type": "application/json"}
    answer = await call("owner", "POST", "/models", content=body, headers=headers)
    assert answer.status_code in {400, 422}, answer.text


async def test_a_deep_card_is_refused(call: Any) -> None:
    deep = b'{"a":' + b"[" * 400 + b"]" * 400 + b"}"
    body = json.dumps(publication(card="CARD")).encode().replace(b'"CARD"', deep)
    answer = await call("owner", "POST", "/models", content=body)
    assert answer.status_code == 422, answer.text


async def test_a_cluster_that_fails_is_told_in_one_sentence(call: Any, registered: V2Cluster) -> None:
    registered.index = {"models": []}
    answer = await call("admin", "POST", "/clusters/main/sync")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "The cluster's repository index is not a list."
    for name in ("nobody", "a%00b"):
        assert (await call("admin", "POST", f"/clusters/{name}/sync")).status_code == 404
        assert (await call("admin", "GET", f"/clusters/{name}/deployments")).status_code == 404
