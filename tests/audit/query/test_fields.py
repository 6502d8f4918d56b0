from pathlib import Path

from audit.models import entry
from audit.query import FIELDS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "audit-query.md"


def test_every_field_asks_a_column_of_the_log() -> None:
    assert {field.column for field in FIELDS.values()} <= set(entry.c.keys())


def test_every_field_is_documented_and_no_other() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(FIELDS)
