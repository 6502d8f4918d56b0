"""The table of what each caller is answered at each door, and how it is written anew.

`python -m tests.console.matrix.table` takes over what the last run saw (var/route-matrix). Read the
difference before it is committed: each line is a promise about who may do what.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.console.matrix.actors import ACTORS

ROOT: Final = Path(__file__).resolve().parents[3]
TABLE: Final = Path(__file__).with_name("routes.txt")
SEEN: Final = ROOT / "var" / "route-matrix"
WIDTH: Final = 70


def read_table() -> dict[str, dict[str, int]]:
    """Return the expected status by door and caller."""
    lines = [line.split() for line in TABLE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return {" ".join(words[:2]): dict(zip(ACTORS, map(int, words[2:]), strict=True)) for words in lines}


def keep_seen(actor: str, statuses: Mapping[str, int]) -> None:
    """Keep what one caller was answered, for whoever writes the table anew."""
    SEEN.mkdir(parents=True, exist_ok=True)
    (SEEN / f"{actor}.json").write_text(json.dumps(statuses), "utf-8")


def write_table() -> None:
    """Write the table from what the last run saw."""
    seen = {actor: json.loads((SEEN / f"{actor}.json").read_text("utf-8")) for actor in ACTORS}
    head = "# method path".ljust(WIDTH) + " ".join(name[:5].ljust(5) for name in ACTORS)
    rows = [
        door.ljust(WIDTH - 1) + " " + " ".join(str(seen[actor][door]).ljust(5) for actor in ACTORS)
        for door in sorted(seen[ACTORS[0]], key=lambda name: name.split()[::-1])
    ]
    TABLE.write_text("\n".join(line.rstrip() for line in (head, *rows)) + "\n", "utf-8")


if __name__ == "__main__":
    write_table()
