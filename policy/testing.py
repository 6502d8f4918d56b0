"""Checking a policy folder before it decides: its own cases, the portable subset, a throw-away compile.

Cases are Rego data: ``*_cases.rego`` holds an ``entrypoint`` and ``cases`` of input and expectation. Here
each input is set for real, because ``with`` can abort the embedded engine; ``*_test.rego`` asks OPA the same.
"""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from policy.bundles import RULES, for_both, read_bundle
from policy.decision import UNDEFINED, Entrypoint
from policy.errors import BundleError, DeciderFailedError, DeciderTimeoutError
from policy.evaluator import LOAD_SECONDS, Evaluator
from policy.recovery import what_stops
from policy.subset import Problem, lint

TEST_SECONDS: Final = 5.0
_PACKAGE: Final = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)
_RULE: Final = re.compile(r"^(?:default\s+)?([a-z_]\w*)\s*(?::=|if\b)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """How one case ended; ``why`` is empty when it passed."""

    __test__ = False

    name: str
    passed: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class TestReport:
    """All outcomes of a policy folder, in the order of its files; `asked`: the entrypoint by package."""

    __test__ = False

    outcomes: tuple[TestOutcome, ...]
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[TestOutcome, ...]:
        """The outcomes that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    @property
    def passed(self) -> bool:
        """Whether there are cases and all of them passed."""
        return bool(self.outcomes) and not self.failures


def run_tests(directory: Path = RULES) -> TestReport:
    """Evaluate every case of the folder in the embedded engine.

    Raises:
        BundleError: the folder cannot be read or compiled, or its cases cannot be evaluated.
    """
    files = for_both(read_bundle(directory, with_tests=True).files)
    packages = _packages_of_cases(files)
    if not packages:
        return TestReport(())
    entrypoints = [f"{package}/{rule}" for package in packages for rule in ("cases", "entrypoint")]
    evaluator = Evaluator(
        files, [*Entrypoint, *entrypoints], load_seconds=LOAD_SECONDS * 3, decision_seconds=TEST_SECONDS
    )
    try:
        found = {name: _cases(evaluator, name) for name in packages}
        asked = {name: entrypoint for name, (entrypoint, _) in found.items()}
        return TestReport(
            tuple(outcome for name in packages for outcome in _run(evaluator, name, *found[name])), asked
        )
    finally:
        evaluator.close()


def check(directory: Path = RULES) -> list[Problem]:
    """Return what is wrong with the folder: not portable, not compiling, or never to be replaced.

    Raises:
        BundleError: the folder cannot be read.
    """
    files = read_bundle(directory).files
    problems = [*lint(dict(read_bundle(directory, with_tests=True).files)), *_unanswered(files)]
    try:
        return problems + _unfollowed(files)
    except BundleError as error:
        return [*problems, Problem(".", 0, str(error))]


def _unfollowed(files: Mapping[str, str]) -> list[Problem]:
    """Compile the files, and say why no other policy could follow them."""
    with closing(Evaluator(files, list(Entrypoint), decision_seconds=TEST_SECONDS)) as evaluator:
        stopped = what_stops(evaluator)
    return [Problem(".", 0, stopped)] if stopped else []


def _unanswered(files: Mapping[str, str]) -> list[Problem]:
    """Name the entrypoints without a rule: the engines call them merely undefined."""
    answered = {
        f"{package.group(1).replace('.', '/')}/{rule}"
        for text in files.values()
        if (package := _PACKAGE.search(text))
        for rule in _RULE.findall(text)
    }
    missing = [entrypoint.value for entrypoint in Entrypoint if entrypoint.value not in answered]
    return [Problem(".", 0, f"no rule answers {name}") for name in missing]


def _packages_of_cases(files: Mapping[str, str]) -> list[str]:
    found = [_PACKAGE.search(text) for path, text in sorted(files.items()) if path.endswith("_cases.rego")]
    return [package.group(1).replace(".", "/") for package in found if package]


def _cases(evaluator: Evaluator, package: str) -> tuple[str, Mapping[str, Any]]:
    try:
        cases = evaluator.evaluate(f"{package}/cases", {})
        entrypoint = evaluator.evaluate(f"{package}/entrypoint", {})
    except (DeciderFailedError, DeciderTimeoutError) as error:
        raise BundleError(f"The cases of {package} cannot be evaluated.") from error
    if not isinstance(cases, dict) or not isinstance(entrypoint, str):
        raise BundleError(f"{package} needs an `entrypoint` and an object of `cases`.")
    return entrypoint, cases


def _run(evaluator: Evaluator, package: str, entrypoint: str, cases: Mapping[str, Any]) -> list[TestOutcome]:
    return [
        _outcome(evaluator, entrypoint, f"{package}: {name}", case) for name, case in sorted(cases.items())
    ]


def _outcome(evaluator: Evaluator, entrypoint: str, name: str, case: Mapping[str, Any]) -> TestOutcome:
    try:
        result = evaluator.evaluate(entrypoint, case["input"])
    except (DeciderFailedError, DeciderTimeoutError) as error:
        return TestOutcome(name, passed=False, why=str(error))
    differing = _differing(case["expect"], result)
    return TestOutcome(name, passed=not differing, why=", ".join(differing))


def _differing(expected: object, result: object) -> list[str]:
    """Return the keys whose value is another one than expected; other keys may hold anything."""
    if expected == "undefined":
        return [] if result is UNDEFINED else ["defined"]
    if not isinstance(expected, dict) or not isinstance(result, dict):
        return ["undefined" if result is UNDEFINED else "not an object"]
    return sorted(key for key, value in expected.items() if result.get(key, UNDEFINED) != value)
