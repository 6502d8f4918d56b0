"""Every measured result has the one shape that documents may quote, and is red below its floor."""

import json
from pathlib import Path

from tests.bench.__main__ import RUNS as BENCHES
from tests.bench.result import Result, Row, median_row
from tests.soak.__main__ import RUNS as SOAKS

RESULT = {"name", "commit", "date", "machine", "rows"}
ROW = {"what", "value", "unit", "floor", "aim", "lower_is_better", "rounds"}


def test_a_result_has_the_shape_of_the_contract() -> None:
    document = Result("example", [median_row("speed", "ratio", [3.0, 1.0, 2.0], floor=1.5)]).document()
    assert set(document) == RESULT
    (row,) = json.loads(json.dumps(document))["rows"]
    assert set(row) == ROW
    assert (row["value"], row["rounds"]) == (2.0, [3.0, 1.0, 2.0])


def test_kept_results_have_it_too(root: Path) -> None:
    for path in (root / "tests/results").glob("*.json"):
        kept = json.loads(path.read_text())
        assert set(kept) == RESULT, path.name
        assert [row for row in kept["rows"] if set(row) != ROW] == []


def test_a_row_worse_than_its_floor_is_red() -> None:
    assert not Row("speed", 1.0, "ratio", [1.0], floor=2.0).green
    assert not Row("lost", 1.0, "intents", [1.0], floor=0, lower_is_better=True).green
    assert Row("lost", 0.0, "intents", [0.0], floor=0, lower_is_better=True).green
    assert Row("seen", 5.0, "intents", [5.0]).green


def test_each_run_is_named_once() -> None:
    assert not set(BENCHES) & set(SOAKS)
