"""How commands on the host end: one sentence, the code the contract names, never a trace or a secret."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from console.processes import child_environment
from tests.forked import run_guildhall

pytestmark = pytest.mark.slow  # each starts a process of the product

Run = Callable[..., "subprocess.CompletedProcess[str]"]
AWAY = "postgresql+asyncpg://someone:s3cret@127.0.0.1:1/guildhall"


@pytest.fixture
def guildhall(tmp_path: Path) -> Run:
    """Run the command line in an empty folder with settings of one's choice."""

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        given = {"GUILDHALL_DATA": str(tmp_path / "var")} | settings
        environment = {**child_environment(without=["GUILDHALL_"]), **given}
        return run_guildhall(arguments, environment=environment, folder=tmp_path)

    return run


def one_sentence(ran: "subprocess.CompletedProcess[str]") -> str:
    assert "Traceback" not in ran.stderr
    assert "s3cret" not in ran.stdout + ran.stderr
    assert ran.stderr.count("\n") == 1
    return ran.stderr


def test_nothing_starts_on_an_empty_folder(guildhall: Run) -> None:
    assert guildhall("db", "check").returncode == 1
    for arguments in (("serve",), ("bootstrap", "--issuer", "https://id.example", "--subject", "x")):
        ran = guildhall(*arguments)
        assert ran.returncode == 2
        assert "guildhall db upgrade" in one_sentence(ran)


def test_a_database_that_is_away_ends_with_three(guildhall: Run) -> None:
    for arguments in (("serve",), ("db", "check"), ("db", "upgrade")):
        ran = guildhall(*arguments, GUILDHALL_DATABASE__URL=AWAY)
        assert ran.returncode == 3, arguments
        assert "guildhall doctor" in one_sentence(ran)


def test_settings_that_cannot_work_end_with_two(guildhall: Run) -> None:
    ran = guildhall("serve", GUILDHALL_PROFILE="production")
    assert ran.returncode == 2
    assert "sign_in.issuers" in one_sentence(ran)


def test_a_key_that_others_may_read_ends_with_three(guildhall: Run, tmp_path: Path) -> None:
    assert guildhall("db", "upgrade").returncode == 0
    key = tmp_path / "var" / "keys" / "csrf.key"
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    ran = guildhall("serve")
    assert ran.returncode == 3
    assert "csrf.key" in one_sentence(ran)


def test_a_first_admin_is_made_once(guildhall: Run) -> None:
    assert guildhall("db", "upgrade").returncode == 0
    first = ("bootstrap", "--issuer", "http://127.0.0.1:8400/dev-idp", "--subject", "demo-admin")
    assert guildhall(*first).stdout == "admin is the first admin. Sign in to go on.\n"
    again = guildhall(*first)
    assert (again.returncode, again.stdout) == (1, "")
    assert "There has been an admin here" in one_sentence(again)


def test_the_doctor_ends_with_three_and_names_each_part(guildhall: Run) -> None:
    ran = guildhall("doctor", GUILDHALL_DATABASE__URL=AWAY)
    assert ran.returncode == 3
    assert "BAD  database" in ran.stdout
    assert "BAD  migrations" in ran.stdout
    assert ran.stderr == ""
    assert "s3cret" not in ran.stdout
