"""What commands write: JSON for programs, aligned columns for people."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import click

GAP: Final = "  "


def write_json(document: object) -> None:
    """Write `document` to stdout as a program reads it."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def write_rows(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write one line per row under a line of column names; of a row, only `columns` are shown."""
    lines = [tuple(columns), *(tuple(text(row.get(name)) for name in columns) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        click.echo(GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def write_facts(facts: Mapping[str, object], *, err: bool = False) -> None:
    """Write one line per fact, its name first; to stderr when `err` is set."""
    lines = [(text(name), text(value)) for name, value in facts.items()]
    width = max((len(name) for name, _ in lines), default=0)
    for name, value in lines:
        click.echo(f"{name.ljust(width)}{GAP}{value}".rstrip(), err=err)


def text(value: object) -> str:
    """Return a value as one line; what a terminal would obey or hide is spelled out in it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return plain if plain.isprintable() else json.dumps(value)
