# ruff: noqa: INP001 -- run with -m from the top, like the tests; there is nothing to import docs for
"""Writes the reference pages that list what the code declares: `python -m docs.generate [--check]`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from audit.events import Action
from console.settings import PREFIX, Settings
from docs import commands, licences, routes
from docs import events as reference
from policy.permissions import Permission

DOCS = Path(__file__).resolve().parent
MARK = "<!-- written by docs/generate.py; change the code it lists instead -->\n\n"
UNRECORDED = (
    "These reads, when they are allowed, and the addresses that are open to everybody (see Routes): probes,\n"
    "static files, and the way to the identity provider. Every refusal is recorded, or counted."
)


def permissions() -> str:
    """Return the page of all permissions."""
    recorded = {action.value for action in Action}
    rows = [
        (f"`{right.value}`", "an event of the same name" if right.value in recorded else "")
        for right in Permission
    ]
    words = (
        "A permission is `resource.verb`. The policy decides each; none is held without a rule or a grant."
    )
    return _page("Permissions", words, _table(("permission", "leaves"), rows))


def events() -> str:
    """Return the page of all acts that the log knows, their details, and what is not recorded."""
    found = [_table(*reference.acts()), "## What they carry\n"]
    found += [f"### {name}\n\n{meaning}\n{_rows(*shown)}" for name, meaning, shown in reference.details()]
    found.append(f"## What is not recorded\n\n{UNRECORDED}\n\n{_table(*reference.unrecorded())}")
    return _page("Events", reference.words(), "\n".join(found))


def settings() -> str:
    """Return the page of all settings."""
    words = (
        f"In `guildhall.toml`, or in the environment: `{PREFIX}` and the name in capitals, with `__`\n"
        "between section and key. A secret may also come from a file, whose path is in the same variable\n"
        "with `_FILE` at its end. All are read once at start; every mistake is one sentence. What console,\n"
        "gateway and worker start with is the event `settings.load` of each, secrets as fingerprints, with\n"
        "the difference from its last start. Nothing is read again without a start; a worker has one\n"
        "whenever its supervisor starts it again."
    )
    return _page("Settings", words, _table(("setting", "default", "what it is"), _settings(Settings, "")))


def http_routes() -> str:
    """Return the page of all routes of the console."""
    words = "Each route names the permission its action authorizes, or why it is open; else it is closed."
    return _page("Routes", words, _table(("method", "path", "needs", "what it does"), routes.rows()))


def command_line() -> str:
    """Return the page of all commands."""
    words = (
        "`.venv/bin/guildhall`, or `python -m console`. Exit codes: 0 done, 1 the answer is no, 2 wrong\n"
        "use, 3 a service is unavailable; a failure is one sentence on stderr. What takes `--token` is a\n"
        "client of `/api/v1` at `GUILDHALL_URL` (default: the address in `run.json` of the data folder),\n"
        "and reads `GUILDHALL_TOKEN`. In the embedded profile, without a token, `audit` acts as auditor and\n"
        "the rest as admin. The data folder is `var`, or `GUILDHALL_DATA`."
    )
    told = [
        f"## `{usage}`\n\n{meaning}\n"
        + (f"\n{_table(('option', 'what it is'), _options(rows))}" if rows else "")
        for usage, meaning, rows in commands.sections()
    ]
    return _page("Command line", words, "\n".join(told))


def _options(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}`".replace("|", "\\|"), " ".join(meaning.split())) for name, meaning in rows)


def _settings(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        inner = next(_sections(field.annotation), None)
        full = f"{prefix}{name}"
        if inner is None:
            yield f"`{full}`", _default(field), field.description or _meaning(field.annotation)
            continue
        yield f"`{full}`", "", _first_sentence(inner)
        yield from _settings(inner, f"{full}[]." if _many(field.annotation) else f"{full}.")


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 -- an annotation is any object
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _sections(argument)


def _many(annotation: Any) -> bool:  # noqa: ANN401 -- an annotation is any object
    return getattr(annotation, "__origin__", None) is tuple


def _default(field: Any) -> str:  # noqa: ANN401 -- pydantic's FieldInfo, generic over nothing we need
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else f"`{json.dumps(value, default=str)}`"


def _meaning(annotation: Any) -> str:  # noqa: ANN401 -- an annotation is any object
    secret = annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())
    choices = [f"`{item}`" for item in getattr(annotation, "__args__", ()) if isinstance(item, str)]
    return "a secret" if secret else f"one of {', '.join(choices)}" if choices else ""


def _first_sentence(section: type[BaseModel]) -> str:
    return " ".join((section.__doc__ or "").split("\n\n")[0].split())


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (columns, *rows)]
    lines.insert(1, "|" + "---|" * lines[0].count(" | ") + "---|")
    return "\n".join(lines) + "\n"


def _rows(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    found = list(rows)
    return f"\n{_table(columns, found)}" if found else ""


def _page(title: str, words: str, table: str) -> str:
    return f"{MARK}# {title}\n\n{words}\n\n{table}"


PAGES: dict[str, Callable[[], str]] = {
    "reference/permissions.md": permissions,
    "reference/cli.md": command_line,
    "reference/events.md": events,
    "reference/routes.md": http_routes,
    "reference/settings.md": settings,
}


def stale(pages: dict[str, str]) -> list[str]:
    """Return the names of pages whose committed text differs."""
    return [
        name
        for name, text in pages.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text() != text
    ]


def main() -> int:
    """Write the pages, or with `--check` name those that are out of date and return 1."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is out of date")
    parser.add_argument(
        "--environment", type=Path, action="append", default=[], help="more installed packages"
    )
    arguments = parser.parse_args()
    pages = {name: write() for name, write in PAGES.items()}
    pages["licences.md"] = MARK + licences.page(arguments.environment)
    old = stale(pages)
    if arguments.check:
        sys.stdout.writelines(f"docs/{name} is out of date: run `make docs`\n" for name in old)
        return int(bool(old))
    for name in old:
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(pages[name])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
