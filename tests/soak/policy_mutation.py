"""Every mutant of the shipped policies, tried on their cases and on the table of decisions; some survive.

Each is tried in the embedded engine; what survives there is tried by `opa test` too, which starts slower.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policy.bundles import is_test, read_bundle
from policy.decision import Entrypoint
from policy.errors import BundleError, PolicyError
from policy.evaluator import Evaluator
from policy.testing import _differing, _packages_of_cases
from tests.bench.result import ROOT, Result, Row
from tests.policy.mutants import Mutant, mutants
from tests.real.opa import fetch_binary

FLOOR: Final = 0.95
AT_ONCE: Final = 2
SECONDS: Final = 120.0
TABLE: Final = ROOT / "tests" / "golden" / "decisions"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the shipped policies: what is asked, as JSON, and what must be answered."""

    entrypoint: str
    question: str
    expect: object


def measure() -> Result:
    """Return the share that a case catches, and each mutant that none does."""
    files = read_bundle(with_tests=True).files
    tried, cases = mutants(files), read_cases(files)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        caught = list(threads.map(lambda one: is_caught(files, one, cases), tried))
    survivors = [one for one, found in zip(tried, caught, strict=True) if not found]
    other = [one for one in survivors if is_caught_by_opa(files, one)]
    rows = [
        Row("mutants of the shipped policies", len(tried), "mutants", []),
        Row("caught by their tests", round(1 - len(survivors) / len(tried), 4), "share", [], FLOOR),
        Row("survivors that `opa test` catches", len(other), "mutants", [], 0, 0, lower_is_better=True),
    ]
    rows += [Row(f"survives: {one}", 1, "mutant", []) for one in survivors]
    return Result("policy-mutation", rows)


def read_cases(files: Mapping[str, str]) -> list[Case]:
    """Return the cases of every package that has some, and the table of decisions both engines answer."""
    return [*_rego_cases(files), *_table()]


def _table() -> list[Case]:
    rows = [row for path in sorted(TABLE.glob("*.json")) for row in json.loads(path.read_text("utf-8"))]
    return [Case(Entrypoint.DECISION, json.dumps(row["input"]), row["expect"]) for row in rows]


def _rego_cases(files: Mapping[str, str]) -> list[Case]:
    asked = {path: text for path, text in files.items() if not path.endswith("_test.rego")}
    packages = _packages_of_cases(asked)
    names = [f"{package}/{rule}" for package in packages for rule in ("cases", "entrypoint")]
    engine = Evaluator(asked, names, load_seconds=SECONDS, decision_seconds=SECONDS)
    try:
        return [case for package in packages for case in _cases_of(engine, package)]
    finally:
        engine.close()


def _cases_of(engine: Evaluator, package: str) -> list[Case]:
    entrypoint, cases = engine.evaluate(f"{package}/entrypoint", {}), engine.evaluate(f"{package}/cases", {})
    assert isinstance(entrypoint, str)
    assert isinstance(cases, dict)
    return [Case(entrypoint, json.dumps(one["input"]), one["expect"]) for one in cases.values()]


def is_caught(files: Mapping[str, str], mutant: Mutant, cases: Sequence[Case]) -> bool:
    """Whether a case fails on the mutant in the embedded engine, or it does not compile."""
    rules = {path: text for path, text in files.items() if not is_test(path)}
    try:
        engine = Evaluator({**rules, mutant.path: mutant.text}, list(Entrypoint), load_seconds=SECONDS)
    except BundleError:
        return True
    try:
        return not all(_holds(engine, name, cases) for name in {case.entrypoint for case in cases})
    except PolicyError:
        return True
    finally:
        engine.close()


def _holds(engine: Evaluator, entrypoint: str, cases: Sequence[Case]) -> bool:
    asked = [case for case in cases if case.entrypoint == entrypoint]
    answers = engine.evaluate_many(entrypoint, [case.question for case in asked], seconds=SECONDS)
    return not any(_differing(case.expect, answer) for case, answer in zip(asked, answers, strict=True))


def is_caught_by_opa(files: Mapping[str, str], mutant: Mutant) -> bool:
    """Whether `opa test` fails on the mutant."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), files, mutant)
        command = [str(fetch_binary()), "test", folder]
        return subprocess.run(command, capture_output=True, check=False).returncode != 0


def write(folder: Path, files: Mapping[str, str], mutant: Mutant) -> None:
    """Write the policies with one file changed."""
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(mutant.text if name == mutant.path else text, "utf-8")
