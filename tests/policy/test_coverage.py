"""Which lines the cases run, as the real `opa` program measures it; and what is said where it cannot."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy import coverage
from policy.bundles import read_bundle
from policy.coverage import ABSENT, FAILED, LATE, CoverageError, FileCoverage, measure_coverage
from policy.testing import run_tests
from tests.real.missing import require
from tests.real.opa import OpaServer, fetch_binary

RULES = "guildhall/authz/review.rego"
UNTESTED = '\n\nnobody_asks(word) if {\n\tword == "never"\n\tcount(word) > 3\n}\n'


@pytest.fixture
def opa(pytestconfig: pytest.Config) -> str:
    require(pytestconfig, OpaServer())
    return str(fetch_binary())


@pytest.fixture(scope="module")
def asked() -> dict[str, str]:
    return dict(run_tests().asked)


def shipped() -> dict[str, str]:
    return dict(read_bundle(with_tests=True).files)


def by_path(measured: tuple[FileCoverage, ...]) -> dict[str, FileCoverage]:
    return {one.path: one for one in measured}


@pytest.mark.real
def test_only_rules_are_measured_and_most_of_the_shipped_ones_run(opa: str, asked: dict[str, str]) -> None:
    found = measure_coverage(shipped(), asked, opa)
    assert {one.path for one in found} == set(read_bundle().files) - {"data.json"}
    ran, lines = sum(len(one.ran) for one in found), sum(one.lines for one in found)
    assert lines > 300
    assert 0.8 < ran / lines < 1


@pytest.mark.real
def test_a_rule_that_no_case_reaches_is_missed_line_by_line(opa: str, asked: dict[str, str]) -> None:
    files = shipped()
    before = by_path(measure_coverage(files, asked, opa))[RULES]
    assert before.missed == ()
    first = files[RULES].rstrip("\n").count("\n") + 3
    files[RULES] = files[RULES].rstrip("\n") + UNTESTED
    after = by_path(measure_coverage(files, asked, opa))[RULES]
    assert after.missed == (first, first + 1, first + 2)
    assert after.ran == before.ran


@pytest.mark.real
def test_without_the_cases_of_a_rule_less_of_it_runs(opa: str, asked: dict[str, str]) -> None:
    others = {package: entry for package, entry in asked.items() if not entry.endswith("plan")}
    assert others != asked
    path = "guildhall/approval/plan.rego"
    whole, part = (by_path(measure_coverage(shipped(), given, opa))[path] for given in (asked, others))
    assert set(part.ran) < set(whole.ran)


class Heard(http.server.BaseHTTPRequestHandler):
    """Remembers that it was asked."""

    asked = threading.Event()

    def do_GET(self) -> None:
        self.asked.set()
        self.send_response(200)
        self.end_headers()


@pytest.fixture
def listener() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Heard)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.real
def test_what_an_author_wrote_for_opa_alone_is_not_run(
    opa: str, asked: dict[str, str], listener: str, tmp_path: Path
) -> None:
    calls = f'test_out if http.send({{"method": "get", "url": "{listener}"}}).status_code == 200\n'
    author = {"guildhall/authz/own_test.rego": f"package guildhall.own_test\n\n{calls}"}
    assert measure_coverage(shipped() | author, asked, opa)
    assert not Heard.asked.is_set()
    strange = {**asked, "guildhall/authz_test": "guildhall/authz/decision with input as {}"}
    less = {package: entry for package, entry in asked.items() if package != "guildhall/authz_test"}
    assert measure_coverage(shipped(), strange, opa) == measure_coverage(shipped(), less, opa)


def test_where_there_is_no_program_it_says_so() -> None:
    with pytest.raises(CoverageError) as caught:
        measure_coverage({}, {}, "no-such-program")
    assert str(caught.value) == ABSENT


@pytest.mark.parametrize("says", ["nothing", "[]", '{"files": []}'])
def test_a_program_that_is_no_opa_is_not_believed(tmp_path: Path, says: str) -> None:
    program = a_program(tmp_path, f"echo '{says}'")
    with pytest.raises(CoverageError) as caught:
        measure_coverage({}, {}, program)
    assert str(caught.value) == FAILED


def test_a_program_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "SECONDS", 0.2)
    with pytest.raises(CoverageError) as caught:
        measure_coverage({}, {}, a_program(tmp_path, "exec sleep 60"))
    assert str(caught.value) == LATE


def a_program(folder: Path, line: str) -> str:
    path = folder / "opa"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)
