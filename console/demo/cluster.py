"""A serving cluster: one real MLServer on loopback with the demo's models.

Its folder holds `models/`, `settings.json`, `ports.json` (the ports are remembered, so that the cluster keeps
its address from start to start) and `mlserver.log`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.demo.environment import checkout, ensure_environment
from console.processes import Child, answers, child_environment, last_lines, spawn, stop, wait_until

HOST = "127.0.0.1"
PORT_NAMES = ("http_port", "grpc_port", "metrics_port")
READY_SECONDS = 90.0
# MLSERVER_* would override settings.json; our own settings are no business of a cluster.
WITHHELD = ("MLSERVER_", "GUILDHALL_", "PYTHONPATH", "VIRTUAL_ENV")


class TrainingFailedError(RuntimeError):
    """The demo's models could not be trained; the message ends with what the script said."""


@dataclass(frozen=True)
class ServingCluster:
    """A running MLServer: its address without a slash at the end, its models folder, its process."""

    url: str
    models: Path
    child: Child

    def stop(self) -> None:
        """End it, by process id."""
        stop(self.child)


def start_cluster(folder: Path, *, python: Path) -> ServingCluster:
    """Start MLServer on `folder/models` and return once every model is ready.

    Raises:
        ProcessError: it ended early or was not ready in 90 s.
    """
    ports = remembered_ports(folder / "ports.json")
    settings = {"host": HOST, **ports, "parallel_workers": 0, "gzip_enabled": False, "debug": False}
    (folder / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    command = [str(python), str(python.with_name("mlserver")), "start", str(folder)]
    environment = child_environment(without=WITHHELD)
    child = spawn("MLServer", command, log=folder / "mlserver.log", environment=environment, folder=folder)
    cluster = ServingCluster(f"http://{HOST}:{ports['http_port']}", folder / "models", child)
    try:
        wait_until(child, lambda: answers(f"{cluster.url}/v2/health/ready"), seconds=READY_SECONDS)
    except BaseException:
        cluster.stop()
        raise
    return cluster


@contextmanager
def demo_cluster(folder: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[ServingCluster]:
    """The whole way: environment, training where needed, a running cluster, and its end.

    Raises:
        EnvironmentUnavailableError, TrainingFailedError, ProcessError: the step that failed, and how.
    """
    python = ensure_environment(checkout(), say)
    ensure_models(folder / "models", python=python, say=say)
    cluster = start_cluster(folder, python=python)
    try:
        yield cluster
    finally:
        cluster.stop()


def ensure_models(models: Path, *, python: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """Train into `models` unless what is there was trained by the same script, words and environment.

    Raises:
        TrainingFailedError: the script failed.
    """
    script = Path(__file__).with_name("train.py")
    parts = [script, script.with_name("models.toml"), python.parent.parent / "lock.sha256"]
    wanted = hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()
    stamp = models / "trained.sha256"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    say("Training the demo's models (a few seconds, once).")
    fresh = models.with_name("models.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _train([str(python), str(script), str(fresh)], fresh.with_name("training.log"))
    (fresh / stamp.name).write_text(wanted, "utf-8")
    shutil.rmtree(models, ignore_errors=True)
    fresh.rename(models)


def _train(command: list[str], log: Path) -> None:
    with log.open("wb") as output:
        environment = child_environment(without=WITHHELD)
        done = subprocess.run(  # noqa: S603 - our own script
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise TrainingFailedError(f"Training the demo's models failed.\n{last_lines(log)}")


def remembered_ports(path: Path) -> dict[str, int]:
    """The ports kept in `path` while all of them are free, else new free ones, kept for the next start."""
    try:
        kept = {name: int(json.loads(path.read_text("utf-8"))[name]) for name in PORT_NAMES}
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        kept = {}
    if kept and all(_is_free(port) for port in kept.values()):
        return kept
    fresh = dict(zip(PORT_NAMES, _free_ports(len(PORT_NAMES)), strict=True))
    path.write_text(json.dumps(fresh) + "\n", "utf-8")
    return fresh


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    # Held together until all are known, so that no two are the same.
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
