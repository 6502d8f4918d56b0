"""The product's command line in processes of their own, forked from one that has already loaded its modules.

Loading them takes two seconds of a processor for each command; what a command does is the same. That commands
also work from nothing is what the pages show whose commands are run word by word (`tests/cli/transcript.py`).
"""

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.patience import PATIENCE

LOADED = [
    "tests.audit.crash_worker",
    "console.areas",
    "console.serve",
    "console.cli.main",
    "uvicorn",
    __name__,
]
STREAMS = ("typed", "out", "err")


@cache
def forks() -> ForkServerContext:
    """Return what makes processes in which the product is loaded; each runs one function of a module."""
    from console.cli.main import COMMANDS  # noqa: PLC0415 - what tests load should not depend on this

    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([*LOADED, *set(COMMANDS.values())])
    return forks


def run_guildhall(
    arguments: Sequence[object], *, environment: Mapping[str, str], folder: Path, typed: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run `guildhall ARGUMENTS` in `folder` with exactly this environment; return how it ended."""
    words = [str(word) for word in arguments]
    with tempfile.TemporaryDirectory() as kept:
        files = {name: Path(kept) / name for name in STREAMS}
        files["typed"].write_text(typed)
        child = forks().Process(target=_guildhall, args=(words, dict(environment), folder, files))
        child.start()
        child.join(2 * PATIENCE)
        if child.exitcode is None:
            child.kill()
            raise TimeoutError(f"guildhall {words} did not end")
        code = child.exitcode
        child.close()
        return subprocess.CompletedProcess(words, code, *(files[name].read_text() for name in STREAMS[1:]))


def _guildhall(
    words: list[str], environment: dict[str, str], folder: Path, files: Mapping[str, Path]
) -> None:
    for number, name in enumerate(STREAMS):
        opened = os.open(files[name], os.O_RDONLY if name == "typed" else os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["guildhall", *words]
    importlib.import_module("console.cli.main").main()
