"""The embedded profile: `guildhall demo`, its own cluster, and people by development tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.journeys.product import Product, Stage, until
from tests.patience import PATIENCE
from tests.real.server import free_port

PEOPLE = ("member", "owner", "reviewer", "admin", "auditor")
NONE: Mapping[str, str] = MappingProxyType({})


@contextmanager
def embedded_stage(data: Path, settings: Mapping[str, str] = NONE) -> Iterator[Stage]:
    """A demo in `data`, which starts from nothing unless an earlier one left its models there."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    product = Product(data, url, url, {"GUILDHALL_DATA": str(data), **settings})
    try:
        product.start("demo", "demo", "--port", str(port), "--data", str(data))
        product.wait("demo", url)
        until(lambda: is_signed(product), seconds=PATIENCE, what="the log's first checkpoint")
        yield Stage(product, {name: name for name in PEOPLE}, lambda *asked: dev_token(product, *asked))
    finally:
        product.close()


def is_signed(product: Product) -> bool:
    """Whether there is a checkpoint yet: the worker's first one comes some moments after the console."""
    return product.ask("GET", "/log/checkpoint", token=dev_token(product, "auditor", False)).status == 200


def dev_token(product: Product, person: str, step_up: bool) -> str:
    """The token that `guildhall dev token` prints, alone."""
    said = product.cli("dev", "token", person, *(["--step-up"] if step_up else []))
    assert (said.returncode, said.stderr) == (0, "")
    return said.stdout.strip()
