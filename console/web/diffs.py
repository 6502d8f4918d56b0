"""Differences as data for the diff macro: by field, or by line of text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field whose value differs; None means it was or is absent."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a text diff with its number before and after."""

    kind: Literal["same", "removed", "added"]
    text: str
    before: int | None
    after: int | None


def diff_fields(before: Mapping[str, object], after: Mapping[str, object]) -> list[FieldChange]:
    """List the fields that differ, sorted by name, values as text."""
    names = sorted(before.keys() | after.keys())
    return [
        FieldChange(name, as_text(before, name), as_text(after, name))
        for name in names
        if as_text(before, name) != as_text(after, name)
    ]


def as_text(row: Mapping[str, object], name: str) -> str | None:
    """Return a value as it is shown, None when absent or null."""
    value = row.get(name)
    return None if value is None else str(value)


def diff_text(before: str, after: str) -> list[DiffLine]:
    """Compare two texts line by line."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[DiffLine] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            lines += same_lines(old, old_from, old_to, new_from)
            continue
        lines += [DiffLine("removed", old[i], i + 1, None) for i in range(old_from, old_to)]
        lines += [DiffLine("added", new[i], None, i + 1) for i in range(new_from, new_to)]
    return lines


def same_lines(old: list[str], start: int, end: int, new_start: int) -> Iterator[DiffLine]:
    """Yield lines that both texts hold."""
    for offset, i in enumerate(range(start, end)):
        yield DiffLine("same", old[i], i + 1, new_start + offset + 1)
