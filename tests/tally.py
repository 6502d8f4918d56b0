"""Adds up what the suites did: counts, missing parts, seconds against the budget."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.suites import NO_TESTS_COLLECTED, Outcome

BUDGET = Path(__file__).with_name("budget.toml")
SAID = 400


@dataclass
class Tally:
    """Totals over all suites; `missing` names each part that could not be had or was skipped.

    `failures` holds a line for each test that failed: what is kept of a run's output is often its end alone.
    """

    passed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count a pytest suite by its tests and any other suite by its commands."""
        if outcome.suite.junit is None:
            self.passed += outcome.statuses.count(0)
            self.failed += len(outcome.statuses) - outcome.statuses.count(0)
        elif NO_TESTS_COLLECTED in outcome.statuses:
            self.missing.append(f"{outcome.suite.name}: no test was found")
        elif outcome.suite.junit.exists():
            self._add_tests(outcome.suite.junit, green=outcome.green)
        else:
            self.failed += 1

    def _add_tests(self, junit: Path, *, green: bool) -> None:
        cases = list(ET.parse(junit).getroot().iter("testcase"))  # noqa: S314 -- pytest wrote it just now
        failures = [case for case in cases if _has(case, "failure", "error")]
        skipped = [case for case in cases if _has(case, "skipped")]
        self.passed += len(cases) - len(failures) - len(skipped)
        # A red suite whose tests all passed failed elsewhere, for example while collecting.
        self.failed += len(failures) if failures or green else 1
        self.failures.extend(_failure(case) for case in failures)
        self.miss(_reason(case) for case in skipped)

    def miss(self, names: Iterable[str]) -> None:
        """Name parts that could not be had, each once."""
        self.missing.extend(name for name in dict.fromkeys(names) if name not in self.missing)

    def spend(self, seconds: dict[str, float], budget: dict[str, float]) -> None:
        """Compare the seconds spent with the budget; a suite without a budget is over it."""
        for name, spent in seconds.items():
            if spent > budget.get(name, 0):
                self.over.append(f"{name} took {spent:.0f} s of {budget.get(name, 0):.0f} s")

    def totals(self) -> str:
        """Return the last line, in pytest's own words."""
        return f"{self.passed} passed, {self.failed} failed"

    def status(self, *, strict: bool) -> int:
        """Return the exit status; `strict` (CI) also fails on anything that is missing."""
        return int(bool(self.failed or self.over or (strict and self.missing)))


def read_budget() -> dict[str, dict[str, float]]:
    """Read the seconds each suite may take: table `full`, and table `fast` for FAST=1."""
    return tomllib.loads(BUDGET.read_text())


def _has(case: ET.Element, *tags: str) -> bool:
    return any(case.find(tag) is not None for tag in tags)


def _failure(case: ET.Element) -> str:
    found = next(child for child in case if child.tag in {"failure", "error"})
    said = " ".join((found.get("message") or "").split())
    return f"{case.get('classname')}::{case.get('name')}: {said[:SAID]}"


def _reason(case: ET.Element) -> str:
    skipped = case.find("skipped")
    message = skipped.get("message") if skipped is not None else None
    return message or f"{case.get('classname')}::{case.get('name')} was skipped"
