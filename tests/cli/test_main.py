import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from console.cli.main import COMMANDS, cli

REMOTE = ("approve", "call", "cluster", "model", "request")
LOADED = "import sys; print([name for name in ('alembic', 'litestar', 'uvicorn') if name in sys.modules])"


def leaves(command: click.Command) -> list[click.Command]:
    if not isinstance(command, click.Group):
        return [command]
    return [leaf for inner in command.commands.values() for leaf in leaves(inner)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    ran = CliRunner().invoke(cli, [name, "--help"])
    assert ran.exit_code == 0, ran.output
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    assert [leaf.name for leaf in leaves(found) if not leaf.help] == []


@pytest.mark.parametrize("name", REMOTE)
def test_every_remote_command_takes_a_token(name: str) -> None:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    takers = [leaf.name for leaf in leaves(found) if any(item.name == "token" for item in leaf.params)]
    assert takers == [leaf.name for leaf in leaves(found)]


def test_a_command_that_is_not_there_is_wrong_use() -> None:
    assert CliRunner().invoke(cli, ["nothing"]).exit_code == 2


def test_a_client_does_not_load_the_server() -> None:
    code = f"import console.cli.audit, console.cli.catalog, console.cli.requests\n{LOADED}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
