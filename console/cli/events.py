"""Entries on a terminal or for a program: a table, JSON or CSV."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

FORMATS: Final = ("table", "json", "csv")
COLUMNS: Final = (
    "index",
    "time",
    "action",
    "outcome",
    "actor",
    "resource",
    "reasons",
    "request",
    "grant",
    "id",
)
SHOWN: Final = ("index", "time", "outcome", "sentence")
PIPE_WIDTH: Final = 200

Entry = Mapping[str, Any]


def write_events(entries: Sequence[Entry], form: str) -> None:
    """Write entries to stdout as `form` says."""
    if form == "json":
        click.echo(json.dumps(list(entries), indent=2, ensure_ascii=False))
    elif form == "csv":
        write_csv(entries)
    else:
        write_table(entries)


def write_csv(entries: Sequence[Entry]) -> None:
    """Write one line per entry, ids in the place of what has no name."""
    rows = csv.writer(sys.stdout)
    rows.writerow(COLUMNS)
    rows.writerows([cell(entry, column) for column in COLUMNS] for entry in entries)


def write_table(entries: Sequence[Entry]) -> None:
    """Write a table that fits the terminal."""
    table = Table(box=None, pad_edge=False)
    for column in SHOWN:
        table.add_column(column, overflow="fold", no_wrap=column != "sentence")
    for entry in entries:
        # Text, not markup; and a name chosen elsewhere must not move the cursor here.
        table.add_row(*(Text(printable(cell(entry, column))) for column in SHOWN))
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(table)


def cell(entry: Entry, column: str) -> str:
    """Return one value of an entry as text."""
    value = entry.get(column)
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("id") or value.get("type") or "")
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def printable(text: str) -> str:
    """Return `text` without characters that a terminal obeys."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
