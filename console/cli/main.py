"""`guildhall`: every command, each in the file of its area, loaded when it is used."""

import importlib
import sys
from typing import Final, NoReturn

import click

from audit.errors import AuditError
from console.errors import ConsoleError, SettingsError
from console.processes import ProcessError
from policy.errors import PolicyError
from sso.errors import SsoError

COMMANDS: Final = {
    "approve": "console.cli.requests",
    "audit": "console.cli.audit",
    "bootstrap": "console.cli.local",
    "break-glass": "console.cli.break_glass",
    "call": "console.cli.catalog",
    "change": "console.cli.records",
    "cluster": "console.cli.catalog",
    "db": "console.cli.local",
    "demo": "console.cli.demo",
    "dev": "console.cli.local",
    "directory": "console.cli.directory",
    "doctor": "console.cli.local",
    "erase": "console.cli.records",
    "hold": "console.cli.records",
    "key": "console.cli.api_keys",
    "keys": "console.cli.keys",
    "login": "console.cli.login",
    "logout": "console.cli.login",
    "model": "console.cli.catalog",
    "policy": "console.cli.policy",
    "request": "console.cli.requests",
    "retention": "console.cli.records",
    "rows": "console.cli.rows",
    "serve": "console.cli.local",
    "sink": "console.cli.sinks",
}
WRONG_USE: Final = 2
UNAVAILABLE: Final = 3
DOCTOR: Final = "`guildhall doctor` says what is wrong."


class LazyGroup(click.Group):
    """A group that imports a command's file only when the command is used, so that starts stay short."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return every command's name, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return one command."""
        module = COMMANDS.get(cmd_name)
        found = getattr(importlib.import_module(module), cmd_name.replace("-", "_")) if module else None
        return found if isinstance(found, click.Command) else None


@click.group(cls=LazyGroup)
@click.version_option(package_name="guildhall")
def cli() -> None:
    """Govern and audit calls to the model-serving clusters you already run.

    Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 a service is unavailable.
    """


def main() -> None:
    """Run the command line and turn our errors into a sentence and an exit code."""
    try:
        cli(standalone_mode=True)
    except SettingsError as error:
        _end(str(error), WRONG_USE)
    except ConsoleError as error:
        _end(error.detail, UNAVAILABLE if error.status == 503 else 1)  # noqa: PLR2004 - the HTTP status
    except (AuditError, PolicyError, ProcessError, SsoError) as error:
        _end(str(error), UNAVAILABLE)
    except OSError as error:
        _end(f"{error}. {DOCTOR}", UNAVAILABLE)
    except Exception as error:
        if not _is_of_database(error):
            raise
        _end(f"A database does not answer ({type(error).__name__}). {DOCTOR}", UNAVAILABLE)


def _is_of_database(error: Exception) -> bool:
    # By name: importing SQLAlchemy would make every command start a fifth of a second later.
    return any(kind.__module__ == "sqlalchemy.exc" for kind in type(error).__mro__)


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(code)
