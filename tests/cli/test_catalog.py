import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.cli.main import cli
from tests.cli.told import Told, ToldServer, told

ENTRY = "0198c1a2-7c3e-7b11-9d52-4f0a6f1f2e3d"
INPUT = {"name": "rows", "datatype": "FP64", "shape": [-1, 3]}
OUTPUT = {"name": "predict", "datatype": "INT64", "shape": [1, 1], "data": [1]}
VERSION = {"label": "2", "weight": 100, "state": "ready", "evidence_kind": "declared", "evidence": ""}
MODEL: dict[str, Any] = {
    "name": "risk.credit",
    "title": "Credit",
    "summary": "Scores",
    "task": "classification",
    "purpose": "support",
    "team": "risk",
    "visibility": "listed",
    "tier": "high",
    "data_class": "personal",
    "state": "active",
    "access": "none",
    "card": {"limits": "a\n\nb", "metrics": [{"name": "accuracy", "basis_points": 7347}], "other": 1},
    "versions": [{**VERSION, "inputs": [INPUT]}],
}
ROUTE = "GET /api/v1/routes/risk.credit"
INFER = "POST /v2/models/risk.credit/infer"
ANSWER = Told({"outputs": [OUTPUT]}, headers={"Guildhall-Audit-Id": ENTRY})
REFUSAL = {"error": "No access.", "detail": "No access.", "reasons": ["no_grant"], "type": "x"}


def guildhall(server: ToldServer, *arguments: str, **given: Any) -> Result:
    environment = {"GUILDHALL_URL": server.url, "GUILDHALL_TOKEN": "t"}
    return CliRunner().invoke(cli, arguments, env=environment, **given)


def test_a_cluster_is_added_by_name_and_address() -> None:
    cluster = {
        "id": "1",
        "name": "a",
        "kind": "v2",
        "url": "http://127.0.0.1:9",
        "state": "new",
        "seen": None,
    }
    with told({"POST /api/v1/clusters": Told(cluster, 201)}) as server:
        ran = guildhall(server, "cluster", "add", "a", "http://127.0.0.1:9")
        again = guildhall(server, "cluster", "add", "a", "http://127.0.0.1:9", "--json")
    assert (ran.exit_code, server.asked[0].body) == (0, {"name": "a", "url": "http://127.0.0.1:9"})
    assert server.asked[0].token == "t"
    assert ran.stdout == "name   a\nkind   v2\nstate  new\nseen\nurl    http://127.0.0.1:9\n"
    assert json.loads(again.stdout) == cluster


def test_a_sync_says_what_is_new_and_a_strange_name_stays_one_segment() -> None:
    with told({"POST /api/v1/clusters/a%2F..%2Fb/sync": Told({"served": 5, "drafts": 2})}) as server:
        ran = guildhall(server, "cluster", "sync", "a/../b")
    assert ran.stdout == "a/../b serves 5 versions, 2 of them new drafts.\n"


def test_models_are_listed_to_the_last_page() -> None:
    row = {name: MODEL[name] for name in ("name", "access", "visibility", "tier", "data_class", "title")}
    pages = [
        Told({"items": [row], "next": "k"}),
        Told({"items": [row | {"name": "a.b"}], "next": None}),
    ]
    with told({"GET /api/v1/routes": pages}) as server:
        ran = guildhall(server, "model", "list", "credit", "default")
    assert [asked.query.get("after", "") for asked in server.asked] == ["", "k"]
    assert server.asked[0].query["q"] == "credit default"
    assert [line.split()[0] for line in ran.stdout.splitlines()] == ["name", "risk.credit", "a.b"]


def test_a_model_shows_its_card_and_nothing_that_a_terminal_obeys() -> None:
    with told({ROUTE: Told({**MODEL, "title": "a\x1b[2J\u202eb"})}) as server:
        ran = guildhall(server, "model", "show", "risk.credit")
    assert ran.exit_code == 0, ran.output
    assert r'title       "a\u001b[2J\u202eb"' in ran.stdout
    assert "limits   a b\n" in ran.stdout
    assert "metrics  accuracy 73.47 %\n" in ran.stdout


@pytest.mark.parametrize(("name", "text"), [("m.json", '{"team": "risk"}'), ("m.toml", 'team = "risk"')])
def test_publishing_is_asked_for_from_json_or_toml(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with told({"POST /api/v1/models": Told({"id": "1", "state": "pending"}, 201)}) as server:
        ran = guildhall(server, "model", "publish", str(tmp_path / name))
    assert ran.stdout == "It waits for somebody else's answer: change 1.\n"
    assert server.asked[0].body == {"team": "risk"}


def test_what_is_no_document_is_wrong_use_and_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("team = 1")
    with told({}) as server:
        ran = guildhall(server, "model", "publish", str(tmp_path / "m.json"))
        call = guildhall(server, "call", "risk.credit", "--input", "-", input="{")
    assert (ran.exit_code, call.exit_code, call.stderr) == (2, 2, "The input is not JSON.\n")
    assert server.asked == []


def test_a_call_sends_zeros_in_the_declared_shape() -> None:
    with told({ROUTE: Told(MODEL), INFER: ANSWER}) as server:
        ran = guildhall(server, "call", "risk.credit")
        quiet = guildhall(server, "call", "risk.credit", "--quiet")
        as_json = guildhall(server, "call", "risk.credit", "--json")
    zeros = {"name": "rows", "datatype": "FP64", "shape": [1, 3], "data": [0.0, 0.0, 0.0]}
    assert server.asked[1].body == {"inputs": [zeros]}
    assert (ran.exit_code, ran.stdout) == (0, f"predict   [1]\naudit id  {ENTRY}\n")
    assert quiet.stdout == f"{ENTRY}\n"
    assert json.loads(as_json.stdout) == {
        "status": 200,
        "audit_id": ENTRY,
        "answer": {"outputs": [OUTPUT]},
    }


def test_a_given_input_goes_as_it_is_and_the_catalog_is_not_asked() -> None:
    with told({INFER: ANSWER}) as server:
        ran = guildhall(server, "call", "risk.credit", "--input", "-", input='{"inputs": [1]}')
    assert (ran.exit_code, [asked.body for asked in server.asked]) == (0, [{"inputs": [1]}])


@pytest.mark.parametrize(("status", "code"), [(403, 1), (404, 1), (415, 1), (502, 3), (503, 3), (504, 3)])
def test_a_refused_call_is_one_sentence_with_its_entry(status: int, code: int) -> None:
    refusal = Told(REFUSAL, status, {"Guildhall-Audit-Id": ENTRY})
    with told({ROUTE: Told(MODEL), INFER: refusal}) as server:
        ran = guildhall(server, "call", "risk.credit")
    assert (ran.exit_code, ran.stdout) == (code, "")
    assert ran.stderr == f"No access. (no_grant) Recorded as {ENTRY}.\n"


def test_a_program_reads_a_refusal_too() -> None:
    with told({ROUTE: Told(MODEL), INFER: Told(REFUSAL, 403)}) as server:
        ran = guildhall(server, "call", "risk.credit", "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout) == {"status": 403, "audit_id": None, "answer": REFUSAL}


def test_a_model_without_declared_inputs_needs_one_given() -> None:
    with told({ROUTE: Told({**MODEL, "versions": []})}) as server:
        ran = guildhall(server, "call", "risk.credit")
    assert (ran.exit_code, ran.stderr) == (2, "risk.credit declares no inputs: give --input.\n")
