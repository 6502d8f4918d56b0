"""Checking a policy folder before it decides: its own tests, the portable subset, a throw-away compile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policy.bundles import RULES, read_bundle
from policy.decision import UNDEFINED, Entrypoint
from policy.errors import BundleError, DeciderFailedError, DeciderTimeoutError
from policy.evaluator import LOAD_SECONDS, Evaluator
from policy.subset import Problem, lint

TEST_SECONDS: Final = 5.0
_PACKAGE: Final = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)
_TEST: Final = re.compile(r"^(test_\w+)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """How one ``test_*`` rule ended; ``why`` is empty when it passed."""

    __test__ = False

    name: str
    passed: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class TestReport:
    """All outcomes of a policy folder, by name."""

    __test__ = False

    outcomes: tuple[TestOutcome, ...]

    @property
    def failures(self) -> tuple[TestOutcome, ...]:
        """The outcomes that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    @property
    def passed(self) -> bool:
        """Whether there are tests and all of them passed."""
        return bool(self.outcomes) and not self.failures


def run_tests(directory: Path = RULES) -> TestReport:
    """Evaluate every ``test_*`` rule of the folder in the embedded engine.

    Raises:
        BundleError: the folder cannot be read or compiled.
    """
    bundle = read_bundle(directory, with_tests=True)
    names = _test_names(bundle.files)
    return TestReport(tuple(_run(bundle.files, names)) if names else ())


def check(directory: Path = RULES) -> list[Problem]:
    """Return what is wrong with the folder: leaving the portable subset, or not compiling.

    Raises:
        BundleError: the folder cannot be read.
    """
    with_tests = read_bundle(directory, with_tests=True)
    problems = lint(dict(with_tests.files))
    try:
        Evaluator(read_bundle(directory).files, list(Entrypoint)).close()
    except BundleError as error:
        problems.append(Problem(".", 0, str(error)))
    return problems


def _test_names(files: Mapping[str, str]) -> list[str]:
    names: list[str] = []
    for path, text in sorted(files.items()):
        package = _PACKAGE.search(text)
        if path.endswith("_test.rego") and package:
            folder = package.group(1).replace(".", "/")
            names += [f"{folder}/{name}" for name in dict.fromkeys(_TEST.findall(text))]
    return names


def _run(files: Mapping[str, str], names: list[str]) -> list[TestOutcome]:
    evaluator = Evaluator(files, names, load_seconds=LOAD_SECONDS * 3, decision_seconds=TEST_SECONDS)
    try:
        return [_outcome(evaluator, name) for name in names]
    finally:
        evaluator.close()


def _outcome(evaluator: Evaluator, name: str) -> TestOutcome:
    try:
        result = evaluator.evaluate(name, {})
    except (DeciderFailedError, DeciderTimeoutError) as error:
        return TestOutcome(name, passed=False, why=str(error))
    if result is True:
        return TestOutcome(name, passed=True)
    return TestOutcome(name, passed=False, why="undefined" if result is UNDEFINED else "not true")
