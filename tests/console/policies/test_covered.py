"""What a draft's tests run, as its page and the API tell it."""

from typing import Any

import pytest

from console.policies.checking import UNMEASURED, UNTESTED, Finding, Report
from console.policies.covered import mark, shown_coverage
from console.services import Services
from policy.coverage import ABSENT, FileCoverage
from tests.console.people.conftest import Desk
from tests.console.policies.test_workbench import begun, desk, with_data
from tests.console.visitor import visit
from tests.real.missing import require
from tests.real.opa import OpaServer, fetch_binary

__all__ = ["desk"]

TEXT = """package guildhall.authz

default allow := false

allow if {
	input.a
	input.b
}

# Nobody asks.
other(word) if word == input.c
"""
MEASURED = FileCoverage("a.rego", ran=(3, 5, 6), partly=(7,), missed=(11,))


def test_the_whole_each_file_and_each_rule_are_told() -> None:
    shown = shown_coverage(Report((), 3, (), (MEASURED,), ""), {"a.rego": TEXT})
    assert (shown.percent, shown.ran, shown.lines, shown.why) == (60.0, 3, 5, None)
    (file,) = shown.files
    assert [(rule.rule, rule.line, rule.lines) for rule in file.rules] == [
        ("allow", 5, [7]),
        ("other", 11, [11]),
    ]


def test_a_hundred_percent_means_every_line() -> None:
    nearly = FileCoverage("a.rego", ran=tuple(range(2, 2_001)), partly=(), missed=(1,))
    assert shown_coverage(Report((), 1, (), (nearly,), ""), {}).percent == 99.9
    all_of_it = FileCoverage("a.rego", ran=(1,), partly=(), missed=())
    assert shown_coverage(Report((), 1, (), (all_of_it,), ""), {}).percent == 100.0


def test_each_line_is_marked() -> None:
    (file,) = shown_coverage(Report((), 3, (), (MEASURED,), ""), {"a.rego": TEXT}).files
    lines = mark(TEXT, file)
    assert [line.number for line in lines] == list(range(1, 12))
    assert "".join(f"{line.text}\n" for line in lines) == TEXT
    assert {line.number: line.state for line in lines if line.state != "plain"} == {
        3: "ran",
        5: "ran",
        6: "ran",
        7: "partly",
        11: "missed",
    }


def test_a_report_is_read_as_it_was_written_and_one_from_before_says_what_to_do() -> None:
    report = Report((Finding("a.rego", 2, "wrong"),), 3, (), (MEASURED,), "")
    assert Report.read(report.document()) == report
    before = Report.read({"problems": [], "failed": [], "passed": 3})
    assert (before.coverage, before.uncovered) == ((), UNMEASURED)


@pytest.mark.slow
async def test_without_the_program_the_page_says_that_coverage_needs_it(
    desk: Desk, people: Any, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    draft = await begun(desk)
    assert (draft["sound"], draft["coverage"]["percent"], draft["coverage"]["why"]) == (True, None, ABSENT)
    admin = visit(services)
    await admin.sign_in("admin")
    page = await admin.client.get(f"/policies/drafts/{draft['id']}")
    assert "Coverage needs the program opa" in page.text
    broken = await with_data(desk, draft, shared=[])
    assert broken["coverage"]["why"] == UNTESTED


@pytest.mark.real
async def test_with_it_the_page_marks_the_lines_that_no_test_runs(
    desk: Desk,
    people: Any,
    services: Services,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    require(pytestconfig, OpaServer())
    monkeypatch.setenv("PATH", str(fetch_binary().parent))
    draft = await begun(desk)
    files = {one["path"]: one for one in draft["coverage"]["files"]}
    assert draft["coverage"]["why"] is None
    assert 80 < draft["coverage"]["percent"] < 100
    missed = files["guildhall/authz/ownership.rego"]["missed"]
    assert missed
    admin = visit(services)
    await admin.sign_in("admin")
    opened = f"/policies/drafts/{draft['id']}?path=guildhall/authz/ownership.rego"
    page = await admin.client.get(opened)
    assert f"{draft['coverage']['percent']}&nbsp;%" in page.text
    assert page.text.count("not run</td>") == len(missed)
