"""The README's golden path does what it says, copied block by block into a shell beside a running demo."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.demo.environment import checkout
from console.processes import child_environment
from tests.cli.transcript import BLOCK, Shell, explain_difference, steps
from tests.journeys.embedded import embedded_stage
from tests.real.missing import require
from tests.real.mlserver import MlServer
from tests.real.strangers import Auditor

README = (checkout() / "README.md").read_text("utf-8")
PATH = README.partition("## The golden path, from a terminal")[2].partition("## Commands")[0]
HOW_TO = ("call-a-model", "request-and-approve", "verify-the-log")


@pytest.fixture(scope="module")
def place(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder like a checkout in which `make run` has been typed: `.venv`, and `var` of a running demo."""
    require(pytestconfig, MlServer(Path(os.devnull)))
    folder = tmp_path_factory.mktemp("checkout")
    (folder / ".venv").symlink_to(checkout() / ".venv")
    with embedded_stage(folder / "var"):
        yield folder


@pytest.mark.journey
def test_the_readme_does_what_it_says(place: Path) -> None:
    with Shell(place, child_environment(without=["GUILDHALL_"])) as shell:
        shell.follow(PATH)


@pytest.mark.journey
@pytest.mark.parametrize("name", HOW_TO)
def test_a_how_to_does_what_it_says(place: Path, name: str) -> None:
    page = (checkout() / "docs" / "how-to" / f"{name}.md").read_text("utf-8")
    with Shell(place, child_environment(without=["GUILDHALL_"])) as shell:
        shell.follow(page)


@pytest.mark.journey
def test_other_tools_say_what_their_page_says(place: Path, go_auditor: Auditor) -> None:
    (place / "tests").symlink_to(checkout() / "tests")
    page = (checkout() / "docs" / "how-to" / "verify-with-other-tools.md").read_text("utf-8")
    with Shell(place, child_environment(without=["GUILDHALL_"])) as shell:
        shell.follow(page)


def test_the_path_is_whole() -> None:
    commands = [step.command.partition(" --")[0] for step in steps(PATH)]
    said = " ".join(commands)
    assert len(BLOCK.findall(PATH)) >= 6
    assert [
        verb for verb in ("create", "approve", "call", "search", "verify", "revoke") if verb not in said
    ] == []


def test_a_placeholder_is_one_word_and_the_same_everywhere() -> None:
    known: dict[str, str] = {}
    assert explain_difference(("a $ID b", "…", "$ID"), "a 1 b\nx\ny\n1", known) is None
    assert known == {"ID": "1"}
    assert explain_difference(("$ID",), "2", known)
    assert explain_difference(("a … c", "…"), "a  b   c", known) is None
    assert explain_difference((), "something", known)
    assert explain_difference(("a",), "a\nb", known)
