"""Runs every suite and adds up: `python -m tests.run [--fast] [--started SECONDS]`; called by `make test`.

Two lanes share the two cores of a small machine: one reads and runs code, the other fetches the real servers.
Then come the suites that start servers, two at a time where there is memory. A red suite stops none of
the others.
"""

import argparse
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from tests import suites
from tests.real import opa
from tests.real.cache import MissingPartError
from tests.suites import NEEDS_NOTHING, Outcome, Suite
from tests.tally import Tally, read_budget

Lane = Callable[[], list[Outcome]]

SECOND_LANE = (
    "tests/audit",
    "tests/console/access",
    "tests/console/gateway",
    "tests/console/trail",
    "tests/contracts",
    "tests/house",
)

BROWSER = suites.pytest("browser", "browser")
JOURNEYS = suites.pytest("journeys", "journey and not browser")
REAL = suites.pytest("real", "real and not journey and not browser")


def lanes(expression: str) -> tuple[Suite, Suite]:
    """Return the tests that need no server as two suites of about the same length."""
    ignored = (f"--ignore={folder}" for folder in SECOND_LANE)
    rest = suites.pytest("unit", expression, *ignored)
    return rest, suites.pytest("log", expression, *SECOND_LANE)


class TestRun:
    """One run: the screen it shares between suites, and what was missing."""

    __test__ = False

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tally = Tally()

    def fast(self) -> list[Outcome]:
        """Run what needs no server and no docs, in two lanes of about the same length."""
        rest, second = lanes(f"{NEEDS_NOTHING} and not slow")
        return self.beside(lambda: self.one_by_one(suites.lint(), rest), lambda: self.one_by_one(second))

    def full(self) -> list[Outcome]:
        """Run everything; the fetches go on beside the suites that need no server."""
        rest, second = lanes(NEEDS_NOTHING)
        first = self.beside(
            lambda: self.one_by_one(suites.lint(), rest, suites.docs()),
            lambda: [*self.fetch(), *self.one_by_one(second)],
        )
        return [*first, *self.policies(), *self.with_servers()]

    def with_servers(self) -> list[Outcome]:
        """Run what starts servers, each suite its own; two at a time where they have room."""
        if not suites.has_room():
            return self.one_by_one(REAL, JOURNEYS, BROWSER)
        return self.beside(lambda: self.one_by_one(REAL), lambda: self.one_by_one(JOURNEYS, BROWSER))

    def beside(self, *lanes: Lane) -> list[Outcome]:
        """Run lanes at the same time."""
        with ThreadPoolExecutor(len(lanes)) as pool:
            running = [pool.submit(lane) for lane in lanes]
            return list(chain.from_iterable(lane.result() for lane in running))

    def one_by_one(self, *wanted: Suite) -> list[Outcome]:
        """Run suites in order."""
        return [suites.run(suite, self.writer(suite.name)) for suite in wanted]

    def fetch(self) -> list[Outcome]:
        """Fetch the real servers; what could not be had is missing, not failed, and names itself."""
        said: list[str] = []
        suite = Suite("fetch", (suites.module("tests.real.fetch"),))
        outcome = suites.run(suite, self.writer("fetch", said.append))
        names = [line.removeprefix("missing: ") for line in said if line.startswith("missing: ")]
        self.tally.miss(names if names or outcome.green else ["fetch: it failed, see its output"])
        return [Outcome(suite, outcome.seconds)]

    def policies(self) -> list[Outcome]:
        """Run OPA's own checks of the policies with the OPA that was fetched."""
        try:
            return self.one_by_one(suites.rego(opa.fetch_binary()))
        except MissingPartError as reason:
            self.tally.miss([f"rego: {reason}"])
            return []

    def writer(self, name: str, also: suites.Write | None = None) -> suites.Write:
        """Return the writer of one suite."""
        write = suites.writer(name, self.lock)
        return write if also is None else lambda line: (write(line), also(line))[0]


def report(run: TestRun, outcomes: list[Outcome], around: dict[str, float]) -> None:
    """Print seconds, red suites, what failed, missing parts, the budget and, last, the totals."""
    write = suites.writer("test", run.lock)
    for outcome in outcomes:
        write(f"{outcome.suite.name:<9} {outcome.seconds:6.1f} s  {'green' if outcome.green else 'RED'}")
    for name, seconds in around.items():
        write(f"{name:<9} {seconds:6.1f} s")
    for line in run.tally.failures:
        write(f"failed: {line}")
    for name in run.tally.missing:
        write(f"missing: {name}")
    for line in run.tally.over:
        write(f"over budget: {line}")
    os.write(1, f"{run.tally.totals()}\n".encode())


def main() -> int:
    """Parse the arguments, run, report; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="only what needs no server, and no docs")
    parser.add_argument(
        "--started", type=float, default=time.time(), help="when the setup began, Unix seconds"
    )
    arguments = parser.parse_args()
    setup, began = time.time() - arguments.started, time.monotonic()
    run = TestRun()
    outcomes = run.fast() if arguments.fast else run.full()
    total = time.monotonic() - began
    for outcome in outcomes:
        run.tally.add(outcome)
    spent = {outcome.suite.name: outcome.seconds for outcome in outcomes} | {"setup": setup}
    name = "fast" if arguments.fast else "full"
    run.tally.spend({"total": total} if arguments.fast else spent, read_budget()[name])
    report(run, outcomes, {"setup": setup, "together": total})
    return run.tally.status(strict=os.environ.get("CI") == "true")


if __name__ == "__main__":
    raise SystemExit(main())
