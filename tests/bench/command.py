"""The command line that `make bench` and `make soak` share: all named runs, or one of them."""

import argparse
from collections.abc import Callable, Mapping

import click

from tests.bench.result import ROOT, Result


def run(program: str, runs: Mapping[str, Callable[[], Result]]) -> int:
    """Run what was named, or everything; return 1 when a row is below its floor."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("name", nargs="?", choices=sorted(runs), help="only this run")
    wanted = parser.parse_args().name
    results = [measure() for name, measure in runs.items() if wanted in (None, name)]
    for result in results:
        click.echo(f"{result.name}\n{result.table()}\nkept in {result.write().relative_to(ROOT)}")
    return int(not all(result.green for result in results))
