"""How many decisions of the past are taken again in a second, by a candidate in two evaluator processes.

Once as the gateway leaves them, where a call reuses what was decided while nothing moved: each evaluation
serves three calls here. And once with every question another one. Beside the clock, which other work on the
machine slows down, stands the rate of two cores that do nothing else: decisions by half the processor seconds
that this process and its evaluators used.
"""

import resource
import time
from collections.abc import Iterator
from typing import Final

from policy.replay import Past, replay
from tests.bench.result import Result, Row, median_row
from tests.policy.past import candidate, past_of, queries

COUNT, REUSED, ROUNDS = 6_000, 3, 3
FLOOR: Final = 2_000.0
CORES: Final = 2


def measure() -> Result:
    """Replay generated decisions under a candidate that answers some of them differently."""
    each = [past_of(number, query, True, ()) for number, query in enumerate(queries(COUNT))]
    reused = [past for past in each for _ in range(REUSED)]
    return Result(
        "replay",
        [
            *_rows(f"decisions replayed, {REUSED} calls to an evaluation", reused, FLOOR),
            *_rows("decisions replayed, each another question", each, FLOOR),
        ],
    )


def _rows(what: str, pasts: list[Past], floor: float) -> Iterator[Row]:
    by_processor, by_clock = zip(*[_round(pasts) for _ in range(ROUNDS)], strict=True)
    yield median_row(f"{what}, processor", "decisions/s", list(by_processor), floor)
    yield median_row(f"{what}, clock", "decisions/s", list(by_clock))


def _round(pasts: list[Past]) -> tuple[float, float]:
    began, used = time.perf_counter(), _processor()
    assert sum(one.flipped for one in replay(candidate(), pasts))
    return len(pasts) / ((_processor() - used) / CORES), len(pasts) / (time.perf_counter() - began)


def _processor() -> float:
    """Return the processor seconds of this process and of its evaluators that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
