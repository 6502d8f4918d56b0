"""`guildhall demo`: the whole product on this machine, with a real cluster that serves real models."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import click

from console import runtime
from console.demo.cluster import ServingCluster, demo_cluster
from console.demo.seed import seed
from console.installation import migrate_all, stamp
from console.serve import serve_all, write_run_file
from console.services import build
from console.settings import Settings, load_settings


@click.command()
@click.option("--port", type=int, default=8400, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=Path("var"), show_default=True)
@click.option("--fresh", is_flag=True, help="Begin anew: everything in the data folder is removed first.")
def demo(port: int, data: Path, *, fresh: bool) -> None:
    """Start everything on this machine: console, gateway, worker, and a serving cluster."""
    settings = demo_settings(port, data)
    if fresh:
        shutil.rmtree(settings.data, ignore_errors=True)
    folder = settings.data / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    # Ctrl-C is how a demo ends: the server has stopped in order when it reaches us.
    with demo_cluster(folder, click.echo) as cluster, contextlib.suppress(KeyboardInterrupt):
        runtime.run(_run(settings, cluster))
    click.echo("Stopped.")


def demo_settings(port: int, data: Path) -> Settings:
    """Return the embedded settings of a demo in `data` at `port`."""
    given: dict[str, Any] = {"data": data.resolve(), "server": {"port": port}, "profile": "embedded"}
    return load_settings(**given)


async def _run(settings: Settings, cluster: ServingCluster) -> None:
    await migrate_all(settings)
    services = build(settings)
    try:
        await stamp(services)
        await seed(services, cluster.url, cluster.models)
    finally:
        await services.close()
    write_run_file(settings)
    await serve_all(settings, lambda: _greet(settings))


def _greet(settings: Settings) -> None:
    url = settings.base_url
    click.echo(f"""
Guildhall answers at {url}

  Open {url}/models in a browser and choose who to be:
    member    works in team retail, finds models and asks for access
    owner     owns the models of team risk      reviewer  answers access requests
    auditor   reads and proves the log          admin     looks after people and clusters

  From a second terminal:
    .venv/bin/guildhall dev token member        prints an access token for the API
    .venv/bin/guildhall audit search 'action:model.invoke'

  Data lives in {settings.data}. Ctrl-C stops everything this started.
""")
