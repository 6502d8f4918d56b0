"""Which lines of the rules the cases run. The `opa` program measures it: the embedded engine does not tell.

The program is given the rules, the cases and a question of ours, never an author's ``*_test.rego``: those may
call what rules may not, such as an address on the network.
"""

import json
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from policy.bundles import for_both, is_test
from policy.decision import Entrypoint
from policy.errors import PolicyError

SECONDS: Final = 20.0
_ADDRESSES: Final = 4 << 30
"""Bytes; Go reserves more than it uses."""
# No draft may have a file of this name: its letters are small.
_ASKED: Final = "ASKED_{number}.rego"
_QUESTION: Final = """package guildhall_asked_{number}

test_asked if {{
	answers := [answer |
		some example in data.{package}.cases
		answer := data.{entrypoint} with input as example.input
	]
	is_array(answers)
}}
"""
ABSENT: Final = (
    "Coverage needs the program opa, and there is none on this host; policy.opa_program says where it is "
    "looked for. The embedded engine runs the tests, and does not tell which lines it ran."
)
FAILED: Final = (
    "The `opa` program did not measure coverage: it has to be OPA 1.4 or newer, and take the rules."
)
LATE: Final = "The `opa` program did not measure coverage within 20 seconds."


class CoverageError(PolicyError):
    """Coverage cannot be measured; one sentence says why."""


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """The lines of one file of rules that can run at all, from 1: they ran, ran in part, or never did."""

    path: str
    ran: tuple[int, ...]
    partly: tuple[int, ...]
    missed: tuple[int, ...]

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made, also of its JSON."""
        return cls(fields["path"], *(tuple(fields[name]) for name in ("ran", "partly", "missed")))

    @property
    def lines(self) -> int:
        """How many lines can run."""
        return len(self.ran) + len(self.partly) + len(self.missed)


def measure_coverage(
    files: Mapping[str, str], asked: Mapping[str, str], program: str
) -> tuple[FileCoverage, ...]:
    """Return what the cases run of each file of rules, by path.

    Args:
        files: text by path: rules, data and cases; tests for OPA alone are left out.
        asked: the entrypoint that each package of cases asks, such as ``guildhall/authz/decision``.
        program: the path or name of the `opa` program.

    Raises:
        CoverageError: there is no such program, or it does not answer.
    """
    found = shutil.which(program)
    if found is None:
        raise CoverageError(ABSENT)
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), {**for_both(files), **_questions(asked)})
        told = _run(found, folder)
    return tuple(
        _read(path, told["files"][path])
        for path in sorted(told["files"])
        if path in files and not is_test(path)
    )


def _questions(asked: Mapping[str, str]) -> dict[str, str]:
    known = {entrypoint.value for entrypoint in Entrypoint}
    return {
        _ASKED.format(number=number): _QUESTION.format(
            number=number, package=package.replace("/", "."), entrypoint=entrypoint.replace("/", ".")
        )
        for number, (package, entrypoint) in enumerate(sorted(asked.items()))
        if entrypoint in known
    }


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def _run(program: str, folder: str) -> dict[str, Any]:
    command = [program, "test", "--coverage", "--format", "json", "--timeout", f"{SECONDS:.0f}s", "."]
    # Our own question about rules that were linted; no shell, and none of our environment.
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"HOME": folder, "PATH": os.defpath, "GOMAXPROCS": "1"},
        start_new_session=True,
    ) as process:
        _confine(process.pid)
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise CoverageError(LATE) from None
    return _parse(output)


def _confine(pid: int) -> None:
    if hasattr(resource, "prlimit"):
        resource.prlimit(pid, resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))


def _parse(output: bytes) -> dict[str, Any]:
    try:
        told = json.loads(output)
    except ValueError:
        raise CoverageError(FAILED) from None
    if not isinstance(told, dict) or not isinstance(told.get("files"), dict):
        raise CoverageError(FAILED)
    return told


def _read(path: str, told: Mapping[str, Any]) -> FileCoverage:
    ran, missed = _lines(told.get("covered")), _lines(told.get("not_covered"))
    return FileCoverage(
        path,
        ran=tuple(sorted(ran - missed)),
        partly=tuple(sorted(ran & missed)),
        missed=tuple(sorted(missed - ran)),
    )


def _lines(ranges: Any) -> set[int]:  # noqa: ANN401 - the program's JSON
    return {line for one in ranges or [] for line in range(one["start"]["row"], one["end"]["row"] + 1)}
