import asyncio
import csv
import io
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from audit.event import Outcome
from console.cli.events import printable, write_table
from tests.console.trail.trail import Trail
from tests.forked import run_guildhall
from tests.real.server import free_port

pytestmark = pytest.mark.slow  # each starts the product's own command line


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int | None
    out: str
    err: str


async def guildhall(trail: Trail, *arguments: object, **environment: str) -> Ran:
    """Run the real command line in a process of its own, on the trail's data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUILDHALL_")}
    data = str(trail.services.settings.data)
    given = {**kept, "GUILDHALL_DATA": data, **environment}
    command = partial(run_guildhall, ["audit", *arguments], environment=given, folder=Path.cwd())
    ran = await asyncio.to_thread(command)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


async def test_the_auditor_of_the_demo_searches_without_a_token(trail: Trail) -> None:
    denied = await trail.happen(outcome=Outcome.DENIED, reasons=["no_grant"])
    allowed = await trail.happen()
    await trail.settle()
    query = "actor:member action:model.invoke"
    ran = await guildhall(trail, "search", query, "--format", "json", "--oldest-first")
    assert [item["id"] for item in json.loads(ran.out)] == [str(denied), str(allowed)], ran.err
    ran = await guildhall(trail, "search", query, "--format", "csv", "--limit", 1)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(row["id"], row["actor"], row["resource"]) for row in rows] == [
        (str(allowed), "Demo member", "risk.credit-default")
    ]
    ran = await guildhall(trail, "search", query)
    assert "Demo member called risk.credit-default, and was refused." in ran.out
    assert ran.code == 0


async def test_what_cannot_be_asked_is_wrong_use_with_its_column(trail: Trail) -> None:
    ran = await guildhall(trail, "search", "actr:member")
    assert ran.code == 2
    assert "Column 1: " in ran.err
    assert "did you mean actor?" in ran.err
    assert ran.out == ""


async def test_a_member_hears_no_and_nobody_hears_unavailable(trail: Trail) -> None:
    ran = await guildhall(trail, "search", GUILDHALL_TOKEN=trail.token("member"))
    assert (ran.code, ran.out) == (1, "")
    assert "role_missing:auditor" in ran.err
    nowhere = f"http://127.0.0.1:{free_port()}"
    ran = await guildhall(trail, "search", "--token", "x", GUILDHALL_URL=nowhere)
    assert (ran.code, ran.err) == (3, f"There is no answer from {nowhere}.\n")


async def test_a_development_token_is_not_sent_elsewhere(trail: Trail) -> None:
    ran = await guildhall(trail, "search", GUILDHALL_URL="http://127.0.0.1:9")
    assert ran.code == 2
    assert "--token" in ran.err


async def test_an_export_verifies_and_a_flipped_byte_is_named_by_its_entry(
    trail: Trail, tmp_path: Path
) -> None:
    await trail.happen_often(260)
    await trail.settle()
    copy = tmp_path / "copy"
    ran = await guildhall(trail, "export", copy)
    assert ran.code == 0, ran.err
    key = ("--key", f"@{copy / 'vkey'}")
    ran = await guildhall(trail, "verify", copy, *key)
    assert (ran.code, ran.out[:3]) == (0, "ok:"), ran.out + ran.err
    entries = await trail.services.log.entries(range(4))
    flip(copy / "tile/entries/000", sum(2 + len(one.head) for one in entries[:3]) + 2 + 30)
    ran = await guildhall(trail, "verify", copy, *key)
    assert ran.code == 1
    assert ran.out.startswith("MISMATCH: index 3: "), ran.out
    assert (await guildhall(trail, "export", copy)).code == 2


async def test_a_receipt_is_verified_offline(trail: Trail, tmp_path: Path) -> None:
    event = await trail.happen()
    await trail.settle()
    path = tmp_path / "mine.tlog-proof"
    ran = await guildhall(trail, "receipt", event, "--output", path, "--token", trail.token("member"))
    assert (ran.code, ran.out) == (0, f"{path}\n"), ran.err
    ran = await guildhall(trail, "verify", path, "--key", trail.vkey)
    assert ran.code == 0, ran.out
    ran = await guildhall(trail, "verify", path, "--key", "nonsense")
    assert ran.code == 2
    ran = await guildhall(trail, "receipt", event, "--token", trail.token("owner"))
    assert ran.code == 1


async def test_without_a_sink_there_is_nothing_to_reconcile(trail: Trail) -> None:
    ran = await guildhall(trail, "reconcile", "elasticsearch")
    assert (ran.code, ran.out) == (1, "")
    assert "configured" in ran.err


def test_a_name_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert printable("a\x1b[2Jb") == "a\ufffd[2Jb"
    entry = {"index": 1, "time": "t", "outcome": "success", "sentence": "[red]x\x1b[2J"}
    write_table([entry])
    assert "[red]x\ufffd[2J" in capsys.readouterr().out


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
