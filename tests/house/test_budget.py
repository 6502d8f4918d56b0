"""The time the tests may take is itself a promise."""

from tests import run, suites
from tests.tally import Tally, read_budget

SEVENTY_MINUTES = 70 * 60
FAST = 90


LANES = (({"lint", "unit", "docs"}, {"fetch", "log"}), ({"real"}, {"journeys", "browser"}))
"""Two lanes at the same time, each one suite after the other, and then two more (tests/run.py)."""


def test_the_budget_stays_within_seventy_minutes() -> None:
    budget = read_budget()["full"]
    longer = [max(sum(budget[name] for name in lane) for lane in lanes) for lanes in LANES]
    alone = budget.keys() - {name for lanes in LANES for lane in lanes for name in lane}
    assert sum(budget[name] for name in alone) + sum(longer) <= SEVENTY_MINUTES


def test_the_fast_run_stays_within_ninety_seconds() -> None:
    assert read_budget()["fast"] == {"total": FAST}


def test_every_suite_has_a_budget() -> None:
    named = {suites.lint().name, suites.docs().name, run.REAL.name, run.JOURNEYS.name, run.BROWSER.name}
    assert named <= set(read_budget()["full"])


def test_a_suite_over_its_budget_fails_the_run() -> None:
    tally = Tally()
    tally.spend({"docs": 31.0, "unit": 3.0}, {"docs": 30, "unit": 30})
    assert tally.over == ["docs took 31 s of 30 s"]
    assert tally.status(strict=False) == 1


def test_a_missing_part_fails_only_where_it_must_be_there() -> None:
    tally = Tally(passed=3)
    tally.miss(["opa", "opa"])
    assert tally.missing == ["opa"]
    assert (tally.status(strict=False), tally.status(strict=True)) == (0, 1)
