import json
import socket
import stat
import sys
from pathlib import Path

import pytest

from console.demo.cluster import TrainingFailedError, ensure_models, remembered_ports, start_cluster
from console.processes import ProcessError


def test_ports_are_remembered_until_somebody_takes_one(tmp_path: Path) -> None:
    kept = tmp_path / "ports.json"
    first = remembered_ports(kept)
    assert len(set(first.values())) == 3
    assert remembered_ports(kept) == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first["grpc_port"]))
        other.listen()
        assert remembered_ports(kept)["grpc_port"] != first["grpc_port"]


def test_unreadable_ports_are_chosen_again(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text('{"http_port": "x"}', "utf-8")
    assert remembered_ports(tmp_path / "ports.json").keys() == {"http_port", "grpc_port", "metrics_port"}


def interpreter(folder: Path, body: str) -> Path:
    """A stand-in for the serving environment's Python: a script that says what it was asked."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    (folder / "lock.sha256").write_text("lock", "utf-8")
    python.write_text(f"#!{sys.executable}\nimport pathlib, sys\n{body}\n", "utf-8")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return python


def test_models_are_trained_once_and_again_when_the_environment_changes(tmp_path: Path) -> None:
    count = tmp_path / "count"
    python = interpreter(tmp_path / "venv", f"open({str(count)!r}, 'a').write('x')")
    said: list[str] = []
    for _ in range(2):
        ensure_models(tmp_path / "models", python=python, say=said.append)
    assert (count.read_text(), len(said)) == ("x", 1)
    (tmp_path / "venv" / "lock.sha256").write_text("another", "utf-8")
    ensure_models(tmp_path / "models", python=python)
    assert count.read_text() == "xx"


def test_failed_training_leaves_the_old_models_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "old").touch()
    python = interpreter(tmp_path / "venv", "sys.exit('no such data set')")
    with pytest.raises(TrainingFailedError, match="no such data set"):
        ensure_models(tmp_path / "models", python=python)
    assert (tmp_path / "models" / "old").exists()


def test_a_cluster_that_dies_early_says_why_and_was_bound_to_loopback(tmp_path: Path) -> None:
    python = interpreter(tmp_path / "venv", "sys.exit('cannot import mlserver')")
    with pytest.raises(ProcessError, match=r"(?s)MLServer ended with 1.*cannot import mlserver"):
        start_cluster(tmp_path, python=python)
    settings = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    assert (settings["host"], settings["parallel_workers"], settings["gzip_enabled"]) == (
        "127.0.0.1",
        0,
        False,
    )
