"""Every mutant of the shipped policies, tried by `opa test` on their own cases; survivors are listed."""

import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from policy.bundles import read_bundle
from tests.bench.result import Result, Row
from tests.policy.mutants import Mutant, mutants
from tests.real.opa import fetch_binary

FLOOR: Final = 0.95
AT_ONCE: Final = 2


def measure() -> Result:
    """Return the share that a case catches, and each mutant that none does."""
    files = read_bundle(with_tests=True).files
    tried = mutants(files)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        caught = list(threads.map(lambda one: is_caught(files, one), tried))
    survivors = [one for one, found in zip(tried, caught, strict=True) if not found]
    share = 1 - len(survivors) / len(tried)
    rows = [
        Row("mutants of the shipped policies", len(tried), "mutants", []),
        Row("caught by their tests", round(share, 4), "share", [], FLOOR),
    ]
    rows += [Row(f"survives: {one}", 1, "mutant", []) for one in survivors]
    return Result("policy-mutation", rows)


def is_caught(files: Mapping[str, str], mutant: Mutant) -> bool:
    """Whether a case of the policies fails on the mutant, or it does not compile."""
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
