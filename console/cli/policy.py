"""`guildhall policy`: test and check the rules that decide."""

import sys
from pathlib import Path

import click

from policy.bundles import RULES
from policy.testing import check as check_rules
from policy.testing import run_tests

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Test and check policies written in Rego."""


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
    """Look for what the two engines would not answer alike; exit with 1 when there is any."""
    findings = check_rules(directory)
    for finding in findings:
        click.echo(str(finding))
    sys.exit(1 if findings else 0)
