import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from console.processes import Child, ProcessError, answers, child_environment, spawn, stop, wait_until
from tests.ended import has_ended
from tests.patience import PATIENCE, eventually
from tests.real.server import free_port

SERVER = """
import http.server as h
h.HTTPServer(("127.0.0.1", {port}), h.SimpleHTTPRequestHandler).serve_forever()
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import sys, pathlib, time
from console.processes import spawn
child = spawn("server", [sys.executable, "-c", sys.argv[1]], log=pathlib.Path(sys.argv[2]))
print(child.pid, flush=True)
time.sleep(600)
"""


def python(code: str, log: Path) -> Child:
    return spawn("the test's child", [sys.executable, "-c", code], log=log)


def test_a_child_is_awaited_and_stopped(tmp_path: Path) -> None:
    port = free_port()
    child = python(SERVER.format(port=port), tmp_path / "log")
    wait_until(child, lambda: answers(f"http://127.0.0.1:{port}/"), seconds=PATIENCE)
    assert os.getsid(child.pid) == child.pid
    assert stop(child) == -signal.SIGTERM
    assert not answers(f"http://127.0.0.1:{port}/")


def test_a_child_deaf_to_term_is_killed_with_its_children(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {DEAF!r}]).wait()"
    child = python(code, tmp_path / "log")
    assert eventually(lambda: (tmp_path / "log").read_bytes().endswith(b"\n"))
    grandchild = int((tmp_path / "log").read_bytes())
    stop(child, seconds=0.2)
    assert eventually(lambda: has_ended(grandchild))


def test_an_early_death_shows_the_end_of_the_log(tmp_path: Path) -> None:
    child = python("print('no licence found'); raise SystemExit(3)", tmp_path / "log")
    with pytest.raises(ProcessError, match=r"(?s)ended with 3.*no licence found"):
        wait_until(child, lambda: False, seconds=PATIENCE)


def test_an_unhealthy_child_is_given_up(tmp_path: Path) -> None:
    child = python(DEAF, tmp_path / "log")
    with pytest.raises(ProcessError, match=r"not healthy in 0\.1 s"):
        wait_until(child, lambda: False, seconds=0.1)
    stop(child, seconds=0.1)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="the thing could not be started"):
        spawn("the thing", [str(tmp_path / "absent")], log=tmp_path / "log")


def test_children_may_write_bytecode_and_are_spared_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("GUILDHALL_TOKEN", "secret")
    environment = child_environment(without=["GUILDHALL_"])
    assert environment.keys().isdisjoint({"PYTHONDONTWRITEBYTECODE", "GUILDHALL_TOKEN"})
    assert "PATH" in environment


def test_killing_the_supervisor_outright_leaves_no_child_and_no_port(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SUPERVISOR, SERVER.format(port=port), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert eventually(lambda: answers(f"http://127.0.0.1:{port}/"))
        supervisor.kill()
    assert eventually(lambda: has_ended(child))
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
