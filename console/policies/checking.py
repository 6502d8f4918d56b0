"""Checks a draft: the portable subset, a compile and the tests, in processes that may die of it."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from console.campaigns.rules import UNSAID, says_how
from policy.bundles import Bundle, is_test, revise
from policy.coverage import CoverageError, FileCoverage, measure_coverage
from policy.errors import BundleError
from policy.testing import check, run_tests

MOST_FILES: Final = 200
LONGEST: Final = 512 * 1024
UNTESTED: Final = "Coverage is measured once nothing is wrong and the tests pass."
UNMEASURED: Final = "Coverage was not measured yet: save a file to have the draft checked again."
PATH: Final = r"(?:[a-z0-9_]+/)*[a-z0-9_]+\.rego|data\.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, in which file and line; line 0 is the file or the whole."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What checking a draft found. It may be proposed when nothing is wrong and there are tests that pass.

    ``coverage`` is what the tests run of each file of rules; where it is empty, ``uncovered`` says why.
    """

    problems: tuple[Finding, ...]
    passed: int
    failed: tuple[Finding, ...]
    coverage: tuple[FileCoverage, ...] = ()
    uncovered: str = UNTESTED

    @property
    def sound(self) -> bool:
        """Whether the draft may go on."""
        return not self.problems and not self.failed and self.passed > 0

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Report":
        """Return what `document` wrote."""
        problems, failed = (
            tuple(Finding(**one) for one in document[name]) for name in ("problems", "failed")
        )
        coverage = tuple(FileCoverage.read(one) for one in document.get("coverage", ()))
        return cls(problems, document["passed"], failed, coverage, document.get("uncovered", UNMEASURED))


async def check_files(files: Mapping[str, str], opa: str) -> Report:
    """Return what is wrong with a draft; nothing that it does can hold or take down this process.

    ``opa`` is the program that measures coverage.
    """
    return await asyncio.to_thread(_check, dict(files), opa)


def find_problems(folder: Path, files: Mapping[str, str]) -> list[Finding]:
    """Return what is wrong with a folder that holds these files, but for what its tests say.

    Raises:
        BundleError: the folder cannot be read.
    """
    problems = [Finding(one.path, one.line, one.message) for one in check(folder)]
    return problems if says_how(files) else [*problems, Finding("data.json", 0, UNSAID)]


def bundle_of(files: Mapping[str, str]) -> Bundle:
    """Return the bundle of a draft: its files without tests and cases."""
    kept = {name: text for name, text in files.items() if not is_test(name)}
    return Bundle(kept, revise(kept))


def _check(files: Mapping[str, str], opa: str) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        try:
            if problems := find_problems(Path(folder), files):
                return Report(tuple(problems), 0, ())
            tested = run_tests(Path(folder))
        except BundleError as error:
            return Report((Finding(".", 0, str(error)),), 0, ())
    failed = tuple(Finding(one.name, 0, one.why) for one in tested.failures)
    report = Report((), len(tested.outcomes) - len(failed), failed)
    return _with_coverage(report, files, tested.asked, opa) if report.sound else report


def _with_coverage(report: Report, files: Mapping[str, str], asked: Mapping[str, str], opa: str) -> Report:
    try:
        return replace(report, coverage=measure_coverage(files, asked, opa), uncovered="")
    except CoverageError as error:
        return replace(report, uncovered=str(error))
