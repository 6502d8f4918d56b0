"""The golden path of the contract by API, step by step, the same on every profile."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.journeys.product import Reply, Said, Stage, decided, until
from tests.patience import PATIENCE

ROUTE = "risk.credit-default"
MODEL = f"/v2/models/{ROUTE}"
REQUESTS = "/api/v1/access-requests"
ENFORCED_SECONDS = 5.0
DUAL = [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]
APPROVAL = {"decision": "approve", "meaning": "I answer for this use", "reason": "The purpose fits the model"}
UNDECIDED = "No decision could be had just now"
AUDIT_ID = "guildhall-audit-id"


@dataclass(frozen=True)
class Walked:
    """What the path left behind: the request, its grant, and the entries of the refused and the made call."""

    request: str
    grant: str
    denied: str
    called: str


def walk_golden_path(stage: Stage, folder: Path) -> Walked:
    """Walk steps 1 to 6; `folder` takes the proof."""
    denied = be_refused(stage)
    request = ask_for_access(stage)
    grant = have_it_approved(stage, request)
    auditor = stage.token("auditor")
    called = call_the_model(stage)
    find_both_calls(stage, auditor, denied, called)
    verify_proof(stage, called, folder)
    revoke(stage, grant)
    read_the_story(stage, request, called, grant)
    return Walked(request["id"], grant, denied, called)


def be_refused(stage: Stage) -> str:
    """Step 1: the member finds the model, has no access, and every operation is refused."""
    token = stage.token("member")
    (item,) = stage.product.ask("GET", "/api/v1/routes?q=credit", token=token).json["items"]
    assert (item["name"], item["visibility"], item["access"]) == (ROUTE, "listed", "none")
    for path in (MODEL, f"{MODEL}/ready"):
        assert refused(stage.product.ask("GET", path, token=token)) == ["no_grant"]
    call = stage.product.ask("POST", f"{MODEL}/infer", {"inputs": []}, token=token)
    assert refused(call) == ["no_grant"]
    assert call.json["request_access"] == REQUESTS
    assert stage.product.ask("POST", f"{MODEL}/infer", {"inputs": []}).status == 401
    return call.headers[AUDIT_ID]


def ask_for_access(stage: Stage) -> dict[str, Any]:
    """Step 2: the member asks for team retail; owner and reviewer are to answer."""
    wanted = {"route": ROUTE, "team": "retail", "purpose": "Score consumer credit", "duration_days": 30}
    asked = stage.product.ask("POST", REQUESTS, wanted, token=stage.token("member"))
    assert asked.status == 201, asked.text
    made: dict[str, Any] = asked.json
    assert (made["state"], made["required"]) == ("pending", DUAL)
    (item,) = stage.product.ask("GET", "/api/v1/routes?q=credit", token=stage.token("member")).json["items"]
    assert item["access"] == "pending"
    return made


def have_it_approved(stage: Stage, request: Mapping[str, Any]) -> str:
    """Step 3: who may not answer is refused, who may must be stepped up; the second approval is a grant."""
    shown = stage.product.ask("GET", f"{REQUESTS}/{request['id']}", token=stage.token("reviewer"))
    assert (shown.status, shown.json["content_hash"]) == (200, request["content_hash"]), shown.text

    member = review(stage, "member", request, step_up=True)
    assert (member.status, member.json["reasons"]) == (403, ["requester_may_not_decide"]), member.text
    weak = review(stage, "owner", request, step_up=False)
    assert weak.status == 403, weak.text
    assert 'error="insufficient_user_authentication"' in weak.headers["www-authenticate"]
    stale = review(stage, "owner", {**request, "content_hash": "0" * 64}, step_up=True)
    assert stale.status == 409, stale.text

    first = review(stage, "owner", request, step_up=True)
    assert (first.status, first.json["state"], first.json["grant_id"]) == (201, "pending", None), first.text
    second = review(stage, "reviewer", request, step_up=True)
    assert (second.status, second.json["state"]) == (201, "approved"), second.text
    grant: str = second.json["grant_id"]
    return grant


def review(stage: Stage, person: str, request: Mapping[str, Any], *, step_up: bool) -> Reply:
    """Send an approval of what `request` says was seen, by a sign-in of its own."""
    body = {**APPROVAL, "content_hash": request["content_hash"]}
    token = stage.token(person, step_up=step_up)
    return stage.product.ask("POST", f"{REQUESTS}/{request['id']}/reviews", body, token=token)


def call_the_model(stage: Stage) -> str:
    """Step 4: metadata within seconds, then an infer built from its inputs with an unmodified client."""
    token = stage.token("member")
    allowed = lambda: stage.product.ask("GET", MODEL, token=token).status == 200  # noqa: E731 - one line
    until(allowed, seconds=ENFORCED_SECONDS, what="the grant is enforced")
    headers = {"Authorization": f"Bearer {token}"}
    client = triton.InferenceServerClient(stage.product.gateway_url.removeprefix("http://"))
    try:
        ready = lambda: client.is_model_ready(ROUTE, headers=headers)  # noqa: E731 - one line
        until(ready, seconds=ENFORCED_SECONDS, what="the client sees that it may call")
        metadata = by_client(lambda: client.get_model_metadata(ROUTE, headers=headers))
        outputs = [triton.InferRequestedOutput(metadata["outputs"][0]["name"], binary_data=False)]
        result = by_client(
            lambda: client.infer(ROUTE, rows_of_zeros(metadata), outputs=outputs, headers=headers)
        )
        assert result.as_numpy(metadata["outputs"][0]["name"]).shape == (1, 1)
    finally:
        client.close()
    call = stage.product.ask("POST", f"{MODEL}/infer", body_of_zeros(metadata), token=token)
    assert (call.status, call.json["outputs"][0]["shape"]) == (200, [1, 1]), call.text
    return call.headers[AUDIT_ID]


def by_client(ask: Callable[[], Said]) -> Said:
    """Ask by an unmodified client, and again where a decision came too late, as `Product.ask` does."""

    def said() -> Said | InferenceServerException:
        try:
            return ask()
        except InferenceServerException as error:
            return error

    answer = decided(said, lambda one: isinstance(one, InferenceServerException) and UNDECIDED in str(one))
    if isinstance(answer, InferenceServerException):
        raise answer
    return answer


def find_both_calls(stage: Stage, token: str, denied: str, called: str) -> None:
    """Step 5: both calls are searchable, for the auditor alone."""
    query = f"actor:{stage.handles['member']} action:model.invoke"
    wanted = {denied: "denied", called: "success"}

    def both() -> dict[str, Any]:
        found = {item["id"]: item for item in search(stage, token, query)}
        return found if wanted.keys() <= found.keys() else {}

    found = until(both, seconds=PATIENCE, what="both calls are searchable")
    assert {name: found[name]["outcome"] for name in wanted} == wanted
    assert found[denied]["reasons"] == ["no_grant"]
    assert found[called]["request"] is not None
    assert found[called]["resource"]["name"] == ROUTE
    refusal = stage.product.ask("GET", f"/api/v1/audit/events?q={quoted(query)}", token=stage.token("member"))
    assert refused(refusal) == ["role_missing:auditor"]


def verify_proof(stage: Stage, called: str, folder: Path) -> None:
    """Step 5, offline: the proof of the call holds under the log's key, and under no other."""
    token = stage.token("auditor")
    proof = until(lambda: proof_of(stage, called, token), seconds=PATIENCE, what="the entry is proven")
    assert proof.headers["content-type"].startswith("text/plain")
    path = folder / "call.tlog-proof"
    path.write_text(proof.text, "utf-8")
    key = stage.product.ask("GET", "/api/v1/audit/key", token=token).json["vkey"]
    good = stage.product.cli("audit", "verify", str(path), "--key", key)
    assert good.returncode == 0, good.stdout + good.stderr
    path.write_text(told_otherwise(proof.text), "utf-8")
    bad = stage.product.cli("audit", "verify", str(path), "--key", key)
    assert bad.returncode == 1, bad.stdout + bad.stderr


def proof_of(stage: Stage, event: str, token: str) -> Reply | None:
    """The proof of an entry, once it is under a signed checkpoint."""
    answer = stage.product.ask("GET", f"/api/v1/audit/events/{event}/proof", token=token)
    return answer if answer.status == 200 else None


def told_otherwise(proof: str) -> str:
    """The same proof with a head that says the call failed."""
    first, extra, rest = proof.split("\n", 2)
    head = base64.b64decode(extra.removeprefix("extra "))
    assert b'"outcome":"success"' in head
    forged = base64.b64encode(head.replace(b'"success"', b'"failure"')).decode()
    return f"{first}\nextra {forged}\n{rest}"


def revoke(stage: Stage, grant: str) -> None:
    """Step 6: the owner sees the grant and revokes it; within seconds every call is refused."""
    token = stage.token("owner")
    listed = stage.product.ask("GET", "/api/v1/grants", token=token).json["items"]
    assert grant in [item["id"] for item in listed]
    gone = stage.product.ask("DELETE", f"/api/v1/grants/{grant}", {"reason": "No longer needed"}, token=token)
    assert (gone.status, gone.text) == (204, "")
    member = stage.token("member")

    def is_refused() -> bool:
        return stage.product.ask("POST", f"{MODEL}/infer", {"inputs": []}, token=member).status == 403

    until(is_refused, seconds=ENFORCED_SECONDS, what="the revocation is enforced")
    assert is_refused()


def read_the_story(stage: Stage, request: Mapping[str, Any], called: str, grant: str) -> None:
    """Step 6: one query shows what became of the request, in order of time."""
    token = stage.token("auditor")
    query = f"request:{request['id']} outcome:success"

    def whole() -> list[dict[str, Any]]:
        found = search(stage, token, query, order="oldest")
        return found if found and found[-1]["action"] == "grant.revoke" else []

    found = until(whole, seconds=PATIENCE, what="the revocation is searchable")
    assert [item["action"] for item in found] == [
        "access_request.create",
        "access_request.review",
        "access_request.review",
        "grant.create",
        "model.invoke",
        "model.invoke",
        "grant.revoke",
    ]
    assert [item["id"] for item in found].index(called) == 5
    assert {item["grant"] for item in found[3:]} == {grant}
    assert [item["time"] for item in found] == sorted(item["time"] for item in found)


def search(stage: Stage, token: str, query: str, order: str = "newest") -> list[dict[str, Any]]:
    """One page of what the auditor finds."""
    path = f"/api/v1/audit/events?q={quoted(query)}&order={order}"
    answer = stage.product.ask("GET", path, token=token)
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def refused(answer: Reply) -> list[str]:
    """The reasons of a refusal, which is a 403 that says its decision."""
    assert (answer.status, answer.json["type"]) == (403, "urn:guildhall:problem:refused"), answer.text
    assert answer.json["decision_id"]
    reasons: list[str] = answer.json["reasons"]
    return reasons


def quoted(query: str) -> str:
    return query.replace(" ", "%20")


def rows_of_zeros(metadata: Mapping[str, Any]) -> list[Any]:
    """The client's own tensors for the declared inputs, one row each."""
    tensors = []
    for declared in metadata["inputs"]:
        shape = [1 if size == -1 else size for size in declared["shape"]]
        tensor = triton.InferInput(declared["name"], shape, declared["datatype"])
        tensor.set_data_from_numpy(np.zeros(shape), binary_data=False)
        tensors.append(tensor)
    return tensors


def body_of_zeros(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The same as a JSON body of the protocol."""
    inputs = []
    for declared in metadata["inputs"]:
        shape = [1 if size == -1 else size for size in declared["shape"]]
        data = np.zeros(shape).ravel().tolist()
        inputs.append(
            {"name": declared["name"], "datatype": declared["datatype"], "shape": shape, "data": data}
        )
    return {"inputs": inputs}
