"""`make test` goes on after a red command, counts what ran, and streams whole lines."""

import sys
from pathlib import Path

from tests import suites
from tests.suites import Outcome, Suite
from tests.tally import Tally

GREEN = (sys.executable, "-c", "print('one'); print('two')")
RED = (sys.executable, "-c", "raise SystemExit(3)")
JUNIT = """<testsuites><testsuite>
<testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="gone"><skipped message="keycloak is not here"/></testcase>
</testsuite></testsuites>"""


def test_a_red_command_stops_none_of_the_others() -> None:
    outcome = suites.run(Suite("x", (RED, GREEN)), lambda _: None)
    assert outcome.statuses == [3, 0]
    assert not outcome.green


def test_output_arrives_line_by_line() -> None:
    said: list[str] = []
    suites.run(Suite("x", (GREEN,)), said.append)
    assert said[1:] == ["one", "two"]


def test_a_tool_that_is_not_there_is_a_failure_with_a_sentence() -> None:
    said: list[str] = []
    outcome = suites.run(Suite("x", (("no-such-tool-anywhere",),)), said.append)
    assert outcome.statuses == [127]
    assert said[-1] == "could not start: No such file or directory"


def test_commands_are_counted_where_there_are_no_tests() -> None:
    tally = Tally()
    tally.add(Outcome(Suite("lint", (RED, GREEN)), statuses=[1, 0]))
    assert tally.totals() == "1 passed, 1 failed"


def test_tests_are_counted_from_what_pytest_wrote(tmp_path: Path) -> None:
    junit = tmp_path / "unit.xml"
    junit.write_text(JUNIT)
    tally = Tally()
    tally.add(Outcome(Suite("unit", (RED,), junit), statuses=[1]))
    assert (tally.totals(), tally.missing) == ("1 passed, 1 failed", ["keycloak is not here"])
    assert tally.failures == ["a::bad: no"]


def test_a_suite_without_tests_is_missing_and_a_crashed_one_is_red(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(Outcome(Suite("real", (RED,), tmp_path / "none.xml"), statuses=[suites.NO_TESTS_COLLECTED]))
    tally.add(Outcome(Suite("unit", (RED,), tmp_path / "none.xml"), statuses=[2]))
    assert (tally.totals(), tally.missing) == ("0 passed, 1 failed", ["real: no test was found"])
