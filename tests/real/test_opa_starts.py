import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.bundles import read_bundle
from tests.real.missing import require
from tests.real.opa import OpaServer
from tests.real.wire import ask

pytestmark = pytest.mark.real

POLICY = """package probe

default allow := false

allow if input.team in data.probe.teams
"""


@pytest.fixture
def server(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[OpaServer]:
    (tmp_path / "policy.rego").write_text(POLICY, "utf-8")
    (tmp_path / "data.json").write_text(json.dumps({"probe": {"teams": ["retail"]}}), "utf-8")
    (tmp_path / ".manifest").write_text(json.dumps({"revision": "r1", "roots": ["probe"]}), "utf-8")
    opa = OpaServer(tmp_path)
    require(pytestconfig, opa)
    opa.start()
    yield opa
    opa.close()


def test_it_decides_by_the_bundle_it_was_given(server: OpaServer) -> None:
    answers = [
        ask("POST", f"{server.url}/v1/data/probe/allow", {"input": {"team": team}})
        for team in ("retail", "x")
    ]
    assert [(status, answer["result"]) for status, answer in answers] == [(200, True), (200, False)]


def test_it_says_which_revision_decided(server: OpaServer) -> None:
    _, answer = ask("POST", f"{server.url}/v1/data/probe/allow?provenance=true", {"input": {}})
    assert [bundle["revision"] for bundle in answer["provenance"]["bundles"].values()] == ["r1"]


def test_it_comes_back_at_the_same_address(server: OpaServer) -> None:
    before = server.url
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        ask("GET", f"{before}/health")
    server.start()
    assert (server.url, ask("GET", f"{before}/health")[0]) == (before, 200)


def test_the_shared_server_has_the_bundle_of_the_product(opa_url: str) -> None:
    _, answer = ask("POST", f"{opa_url}/v1/data/guildhall?provenance=true", {"input": {}})
    revisions = [bundle["revision"] for bundle in answer["provenance"]["bundles"].values()]
    assert revisions == [read_bundle().revision]
