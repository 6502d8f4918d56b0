"""A hundred thousand steps of five actors, and ten thousand organisations: nothing without its quorum."""

import time
from typing import Final

from tests.bench.result import Result, Row
from tests.console.changes.machine import walk
from tests.console.changes.organisations import run

STEPS: Final = 100_000
ORGANISATIONS: Final = 10_000


def measure() -> Result:
    """Return how much was tried and how much was carried out; what had no quorum raises."""
    began = time.process_time()
    steps, executed = walk(STEPS)
    told = run(ORGANISATIONS)
    seconds = round(time.process_time() - began, 1)
    return Result(
        "approvals",
        [
            Row("steps of five actors", steps, "steps", [steps], floor=STEPS),
            Row("carried out in them, each with its quorum", executed, "changes", [executed], floor=1),
            Row("organisations", told.organisations, "organisations", [told.organisations], ORGANISATIONS),
            Row("acts in them", told.acts, "acts", [told.acts]),
            Row("carried out in them, each with its quorum", told.executed, "changes", [told.executed], 1),
            Row("refused in them", told.refused, "answers", [told.refused], 1),
            Row("carried out without a quorum", 0, "changes", [0], 0, 0, lower_is_better=True),
            Row("processor time", seconds, "s", [seconds]),
        ],
    )
