"""The bundle: the Rego files without their tests and cases, and data.json, named by one revision."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policy.errors import BundleError

RULES: Final = Path(__file__).parent / "rego"
"""The bundle that comes with the product."""

ROOTS: Final = ("guildhall",)
_DATA = "data.json"
_FOR_OPA: Final = "_test.rego"
_TEST_SUFFIXES: Final = ("_cases.rego", _FOR_OPA)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle by their path inside it, and the revision they have."""

    files: Mapping[str, str]
    revision: str


def read_bundle(directory: Path = RULES, *, with_tests: bool = False) -> Bundle:
    """Read a policy folder.

    Raises:
        BundleError: there are no rules, or a file is no UTF-8 text.
    """
    try:
        files = {_name(path, directory): path.read_text("utf-8") for path in _paths(directory, with_tests)}
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"The policy folder {directory} cannot be read: {error}") from error
    if not any(name.endswith(".rego") for name in files):
        raise BundleError(f"The policy folder {directory} holds no rules.")
    return Bundle(files, revise(files))


def is_test(name: str) -> bool:
    """Say whether a file tests the rules rather than belonging to them; a revision names none of these."""
    return name.endswith(_TEST_SUFFIXES)


def for_both(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that both engines take: tests for OPA alone may call what rules may not."""
    return {name: text for name, text in files.items() if not name.endswith(_FOR_OPA)}


def revise(files: Mapping[str, str]) -> str:
    """Return the revision: SHA-256 (hex) over the sorted lines ``<path> <SHA-256 of the file>``."""
    lines = sorted(f"{name} {hashlib.sha256(text.encode()).hexdigest()}\n" for name, text in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def manifest(bundle: Bundle) -> dict[str, object]:
    """Return OPA's ``.manifest`` of a bundle."""
    return {"revision": bundle.revision, "roots": list(ROOTS), "rego_version": 1}


def write_bundle(directory: Path, bundle: Bundle | None = None) -> str:
    """Write an OPA bundle directory with its ``.manifest`` and return its revision."""
    chosen = bundle or read_bundle()
    for name, text in chosen.files.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    (directory / ".manifest").write_text(json.dumps(manifest(chosen)), "utf-8")
    return chosen.revision


def _paths(directory: Path, with_tests: bool) -> list[Path]:  # noqa: FBT001 - private, named at the call
    rules = (path for path in directory.rglob("*.rego") if with_tests or not is_test(path.name))
    data = directory / _DATA
    return sorted([*rules, *([data] if data.exists() else [])])


def _name(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix()
