"""`guildhall policy`: test and check rules here, replay decisions under them, ask that they decide."""

import sys
import time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from console.cli.catalog import json_option
from console.cli.client import Client, WrongUseError, open_client, token_option
from console.cli.output import write_json, write_rows
from console.cli.signing import pages
from policy.bundles import RULES, read_bundle
from policy.testing import run_tests

DRAFTS: Final = "/api/v1/policies/drafts"
PATIENCE: Final = 300.0
POLL_SECONDS: Final = 0.5
ENDED: Final = frozenset({"done", "failed"})
FINDING_COLUMNS: Final = ("file", "line", "text")
FLIP_COLUMNS: Final = ("what", "person", "action", "route", "reasons", "would_reasons", "times")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Test, check, replay and activate policies written in Rego."""


@policy.command()
@click.argument("directory", type=FOLDER, default=RULES)
def test(directory: Path) -> None:
    """Evaluate every case in the embedded engine; exit with 1 when one fails."""
    report = run_tests(directory)
    for failed in report.failures:
        click.echo(f"FAILED {failed.name}: {failed.why}")
    click.echo(f"{len(report.outcomes) - len(report.failures)} passed, {len(report.failures)} failed")
    sys.exit(0 if report.passed else 1)


@policy.command()
@click.argument("directory", type=FOLDER, default=RULES)
def check(directory: Path) -> None:
    """Look for what would keep a folder from deciding, beside its tests; exit with 1 when there is any."""
    from console.policies.checking import find_problems  # noqa: PLC0415 - no other command needs so much

    findings = find_problems(directory, read_bundle(directory).files)
    for finding in findings:
        click.echo(f"{finding.file}:{finding.line}: {finding.text}")
    sys.exit(1 if findings else 0)


@policy.command()
@click.argument("directory", type=FOLDER)
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True)
@json_option
@token_option
def replay(directory: Path, days: int, token: str | None, *, as_json: bool) -> None:
    """Make a draft of a folder, tests included, and replay the last days' decisions under it.

    Exit with 1 when the draft has problems, or a decision would come out differently.
    """
    files = dict(read_bundle(directory, with_tests=True).files)
    with open_client("admin", token) as client:
        draft = client.post(DRAFTS, {"files": files}, patience=PATIENCE)
        if draft["sound"]:
            client.post(f"{DRAFTS}/{draft['id']}/replay", {"days": days}, patience=PATIENCE)
            draft = _wait(client, draft["id"])
        flips = pages(client, f"{DRAFTS}/{draft['id']}/flips", {}) if draft["replay"] else []
    found = draft["replay"]
    if as_json:
        write_json(draft | {"flips": flips})
    elif found is None:
        write_rows(FINDING_COLUMNS, [*draft["problems"], *draft["failed"]])
    elif found["trouble"]:
        click.echo(f"draft {draft['id']}: {found['trouble']}")
    else:
        click.echo(f"draft {draft['id']}: {found['flipped']} of {found['decisions']} come out differently")
        write_rows(FLIP_COLUMNS, flips)
    sys.exit(0 if found is not None and found["state"] == "done" and not found["flipped"] else 1)


def _wait(client: Client, draft_id: str) -> Any:  # noqa: ANN401 - JSON
    """Return the draft once its replay has ended."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=100, label="Replaying", file=sys.stderr, hidden=hidden) as shown:
        while True:
            draft = client.get(f"{DRAFTS}/{draft_id}")
            shown.update(draft["replay"]["progress"] - shown.pos)
            if draft["replay"]["state"] in ENDED:
                return draft
            time.sleep(POLL_SECONDS)


@policy.command()
@click.argument("draft", type=click.UUID, required=False)
@click.option("--reason", required=True, help="Why; whoever answers reads it.")
@click.option("--rollback", is_flag=True, help="Bring back the revision that decided before.")
@json_option
@token_option
def activate(draft: UUID | None, reason: str, token: str | None, *, rollback: bool, as_json: bool) -> None:
    """Ask that a replayed DRAFT decides, or what decided before; somebody else has to agree."""
    if (draft is None) is not rollback:
        raise WrongUseError("Name a draft, or --rollback, and not both.")
    path = "/api/v1/policies/rollback" if rollback else f"{DRAFTS}/{draft}/propose"
    with open_client("admin", token) as client:
        asked = client.post(path, {"reason": reason})
    needed = " and ".join(f"{entry['count']} {entry['group']}" for entry in asked["required"])
    write_json(asked) if as_json else click.echo(f"{asked['id']}: it waits for {needed}.")
