"""The commands that look after the log on a host: a witness in a process of its own, keys, the end."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import FileSigner, sign_checkpoint
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.trust import Trust
from audit.errors import KeyFileError
from audit.sinks.http import HttpClient, UnreachedError
from audit.subjects.key_folder import KeyFolder
from audit.witness.client import Cosigned, Refused, WitnessClient
from console.witness import read_logs
from tests.audit.trust.notes import ORIGIN, a_checkpoint, log_key, signed
from tests.forked import run_guildhall
from tests.patience import PATIENCE
from tests.real.server import free_port

pytestmark = pytest.mark.slow  # processes
GUILDHALL = Path(sys.executable).with_name("guildhall")


async def ask(url: str, vkey: str, note: str, old: int = 0) -> Cosigned | Refused:
    trust = Trust.of_keys([log_key(1).vkey])
    http = HttpClient(url, networks=("127.0.0.0/8",), timeout=PATIENCE)
    client = WitnessClient(http, parse_any_vkey(vkey), ORIGIN, lambda: trust)
    try:
        return await client.add_checkpoint(old, [], note)
    finally:
        await client.close()


async def wait_for(url: str) -> None:
    http = HttpClient(url, networks=("127.0.0.0/8",), timeout=PATIENCE)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await is_healthy(http):  # noqa: ASYNC110 - another process, it tells nobody
                await asyncio.sleep(0.05)
    finally:
        await http.close()


async def is_healthy(http: HttpClient) -> bool:
    """Say whether it answers: its keys are printed before it listens."""
    try:
        return (await http.get("/health")).status == 200
    except UnreachedError:
        return False


def start(folder: Path, words: list[object]) -> subprocess.Popen[str]:
    return subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True, cwd=folder)


async def test_a_witness_runs_prints_its_keys_and_remembers_over_kill_9(tmp_path: Path) -> None:
    port = free_port()
    words: list[object] = [
        GUILDHALL,
        "audit",
        "witness",
        "--name",
        "witness.example/w1",
        "--log",
        log_key(1).vkey,
    ]
    words += ["--data", tmp_path / "w", "--port", port]
    vkeys: list[list[str]] = []
    answers = []
    for size in (5, 3):
        process = start(tmp_path, words)
        assert process.stdout is not None
        vkeys.append([process.stdout.readline().strip() for _ in range(2)])
        await wait_for(f"http://127.0.0.1:{port}")
        note = signed(a_checkpoint(size), log_key(1)).decode()
        answers.append(await ask(f"http://127.0.0.1:{port}", vkeys[-1][0], note))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert isinstance(answers[0], Cosigned)
    assert answers[1] == Refused(409, 5)
    assert vkeys[0] == vkeys[1]
    assert [parse_any_vkey(vkey).kind for vkey in vkeys[0]] == [b"\x04", b"\x06"]
    assert {
        (tmp_path / "w" / name).stat().st_mode & 0o777 for name in ("witness.key", "witness.mldsa.key")
    } == {0o600}


def guildhall(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_guildhall(words, environment=os.environ, folder=folder)


def test_wrong_use_is_a_sentence_and_exit_code_two_or_three(tmp_path: Path) -> None:
    assert guildhall(tmp_path, "db", "upgrade").returncode == 0
    for words, code, said in (
        (["witness", "--name", "w", "--log", "nonsense"], 2, "no verifier key"),
        (["witness", "--name", "w"], 2, "Missing option"),
        (["key", "rotate"], 3, "never created"),
        (["freeze", "--yes"], 3, "never created"),
    ):
        done = guildhall(tmp_path, "audit", *words)
        assert said in done.stderr, done.stderr
        assert done.returncode == code


def test_a_witness_is_given_keys_and_policies(tmp_path: Path) -> None:
    other = log_key(2, "log.example/b").vkey
    path = tmp_path / "policy"
    path.write_text(
        f"# sizes 0 to 9\nlog {log_key(1).vkey}\n# sizes from 10\nlog {log_key(3).vkey}\nquorum none\n"
    )
    found = read_logs([f"@{path}", other])
    assert set(found) == {ORIGIN, "log.example/b"}
    late = sign_checkpoint(a_checkpoint(10), log_key(3))
    assert found[ORIGIN].check(late, now=0).size == 10


def test_keys_of_another_log_are_put_aside_and_never_overwritten(tmp_path: Path) -> None:
    FileSigner.load_or_create(tmp_path / "log.key", ORIGIN)
    kept = (tmp_path / "log.key").read_text()
    with pytest.raises(KeyFileError):
        KeyFolder(tmp_path, "log.example/b").begin()
    KeyFolder(tmp_path, "log.example/b").succeed()
    assert (tmp_path / "log.ended.key").read_text() == kept
    assert "+log.example/b+" in (tmp_path / "log.key").read_text()
