"""Every measured result has the one shape that documents may quote, and is red below its floor."""

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import RUNS as BENCHES
from tests.bench.result import Result, Row, median_row
from tests.soak.__main__ import RUNS as SOAKS

QUOTED = {
    "injected-faults": {
        "points where a fault was injected": "{:,} points",
        "acknowledged records": "{:,} acknowledged records",
        "acknowledged and lost": "{:,} lost",
        "logged twice": "{:,} twice",
        "checkpoints that the log does not extend": "{:,} forks",
    },
    "kill-everything": {
        "kills of the whole product": "{:,} times",
        "calls that the cluster saw": "of {:,} calls that the cluster saw",
    },
    "elasticsearch-down": {
        "entries appended while it was down": "{:,} events",
        "more memory than at 5,000 events": "{:,.0f} MiB more memory",
    },
    "bit-flips": {"flipped bits": "{:,} bits"},
    "flood": {
        "refusals": "{:,} refusals by the part that counts them",
        "entries of their own, and summaries": "{:,} entries and summaries",
    },
    "flood-served": {
        "refusals of people": "{:,} refusals of four people",
        "refusals of strangers": "{:,} of strangers",
        "calls of somebody else": "{:,} calls of somebody else",
        "entries beside those calls": "{:,} entries beside",
    },
    "prune-space": {
        "details removed": "{:,} details",
        "details spared for a hold": "{:,} of them held back",
        "file before": "from {:,.0f}",
        "file after": "to {:,.0f} MiB",
    },
}
"""What docs/how-the-log-works.md quotes, by result and row, in its own words."""
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


@pytest.mark.parametrize("name", QUOTED)
def test_what_the_page_about_the_log_quotes_is_what_was_measured(root: Path, name: str) -> None:
    page = (root / "docs/how-the-log-works.md").read_text()
    rows = {
        row["what"]: row["value"]
        for row in json.loads((root / f"tests/results/{name}.json").read_text())["rows"]
    }
    said = {words.format(rows[what]) for what, words in QUOTED[name].items()}
    assert {one for one in said if one not in page} == set()


def test_a_row_worse_than_its_floor_is_red() -> None:
    assert not Row("speed", 1.0, "ratio", [1.0], floor=2.0).green
    assert not Row("lost", 1.0, "intents", [1.0], floor=0, lower_is_better=True).green
    assert Row("lost", 0.0, "intents", [0.0], floor=0, lower_is_better=True).green
    assert Row("seen", 5.0, "intents", [5.0]).green


def test_each_run_is_named_once() -> None:
    assert not set(BENCHES) & set(SOAKS)
