"""The one shape of a measured result, for `make bench` and `make soak`."""

import datetime as dt
import json
import os
import platform
import statistics
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "bench"


@dataclass(frozen=True)
class Row:
    """One measured thing: `value` is the median of `rounds`, and worse than `floor` is red."""

    what: str
    value: float
    unit: str
    rounds: list[float]
    floor: float | None = None
    aim: float | None = None
    lower_is_better: bool = False

    @property
    def green(self) -> bool:
        """Whether the value keeps its floor."""
        if self.floor is None:
            return True
        return self.value <= self.floor if self.lower_is_better else self.value >= self.floor


@dataclass(frozen=True)
class Result:
    """What one named run measured, and where."""

    name: str
    rows: list[Row]

    @property
    def green(self) -> bool:
        """Whether every row keeps its floor."""
        return all(row.green for row in self.rows)

    def document(self) -> dict[str, object]:
        """Return the JSON object that is kept."""
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"name": self.name, "commit": _commit(), "date": now, "machine": _machine()}
        return {**about, "rows": [asdict(row) for row in self.rows]}

    def write(self) -> Path:
        """Write var/bench/NAME.json and return its path."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.name}.json"
        path.write_text(json.dumps(self.document(), indent=1) + "\n")
        return path

    def table(self) -> str:
        """Return the rows as text for people."""
        lines = [f"{'what':<58} {'value':>12}  {'unit':<12} {'floor':>8} {'aim':>8}"]
        lines += [
            f"{row.what:<58} {row.value:>12,.3f}  {row.unit:<12} {_shown(row.floor):>8} {_shown(row.aim):>8}"
            f"{'' if row.green else '  RED'}"
            for row in self.rows
        ]
        return "\n".join(lines)


def median_row(
    what: str,
    unit: str,
    rounds: list[float],
    floor: float | None = None,
    aim: float | None = None,
    *,
    lower_is_better: bool = False,
) -> Row:
    """Return the row of the median of some rounds, rounded to what two rounds could tell apart."""
    shown = [round(value, 4) for value in rounds]
    return Row(what, round(statistics.median(rounds), 4), unit, shown, floor, aim, lower_is_better)


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or "unknown"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    )


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
