"""The supervisor, as real processes: nothing outlives it, a dead worker comes back, every end is in order."""

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from console.serve import own_addresses
from console.settings import load_settings
from tests.ended import has_ended
from tests.journeys.product import Product
from tests.patience import PATIENCE, eventually
from tests.real.server import free_port


def children_of(pid: int) -> list[psutil.Process]:
    return list(psutil.Process(pid).children(recursive=True))


def worker_of(pid: int) -> int | None:
    for child in children_of(pid):
        try:
            if "worker" in child.cmdline() and "--role" in child.cmdline():
                return int(child.pid)
        except psutil.NoSuchProcess:
            continue
    return None


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def product(migrated_data: Path, tmp_path: Path) -> Iterator[Product]:
    """An installation on migrated databases that nobody has started."""
    data, port = tmp_path / "var", free_port()
    shutil.copytree(migrated_data, data)
    url = f"http://127.0.0.1:{port}"
    settings = {"GUILDHALL_DATA": str(data), "GUILDHALL_SERVER__PORT": str(port)}
    made = Product(data, url, url, settings)
    yield made
    made.close()


def start(product: Product) -> int:
    child = product.start("all", "serve")
    product.wait("all", product.url)
    return child.pid


def port_of(product: Product) -> int:
    return int(product.url.rpartition(":")[2])


def actions(product: Product) -> list[str]:
    with sqlite3.connect(product.data / "log.db", timeout=PATIENCE) as log:
        return [row[0] for row in log.execute('SELECT action FROM entry ORDER BY "index"')]


@pytest.mark.slow
def test_killed_outright_it_leaves_no_child_and_no_port_and_starts_again(product: Product) -> None:
    supervisor = start(product)
    assert product.ask("GET", "/api/v1/me").status == 401
    # The engine's process starts with the first question, so that it must not be left behind either.
    assert eventually(lambda: len(children_of(supervisor)) >= 2)
    # The supervisor's and its worker's.
    assert eventually(lambda: actions(product).count("settings.load") == 2)
    children = [child.pid for child in children_of(supervisor)]
    product.kill("all")
    assert eventually(lambda: all(map(has_ended, children)))
    assert not listens(port_of(product))
    before = len(actions(product))
    again = start(product)
    assert again != supervisor
    assert eventually(lambda: actions(product).count("settings.load") == 4)
    assert len(actions(product)) > before


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again_and_goes_on(product: Product) -> None:
    supervisor = start(product)
    assert eventually(lambda: worker_of(supervisor) is not None)
    first = worker_of(supervisor)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: worker_of(supervisor) not in (None, first))
    assert product.ask("GET", "/health/live").status == 200
    said = product.data / "all.out"
    assert eventually(lambda: "The worker ended (-9)" in said.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_its_worker_in_order(product: Product, number: signal.Signals) -> None:
    supervisor = start(product)
    assert eventually(lambda: "settings.load" in actions(product))
    children = [child.pid for child in children_of(supervisor)]
    child = product.children.pop("all")
    os.kill(supervisor, number)
    assert child.process.wait(PATIENCE) == 0
    # A worker that ends too late is killed, and its evaluator only then sees that it is alone.
    assert eventually(lambda: all(map(has_ended, children)))
    assert not listens(port_of(product))
    assert "Traceback" not in (product.data / "all.out").read_text()
    assert (product.data / "worker.log").read_text() == ""
    with sqlite3.connect(product.data / "guildhall.db") as main:
        assert main.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


@pytest.mark.slow
def test_forwarded_and_foreign_names_are_not_believed(product: Product) -> None:
    start(product)
    port = port_of(product)
    assert raw(port, "Host: evil.example") == 421
    assert raw(port, f"Host: 127.0.0.1:{port}", "Host: evil.example") in {400, 421}
    assert raw(port, f"Host: [::1]:{port}") == 200
    assert raw(port, f"Host: localhost:{port}", "X-Forwarded-Host: evil.example") == 200
    assert raw(port, "X-Nothing: here") in {400, 421}
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    assert raw(port, f"Host: 127.0.0.1:{port}", *upgrade, key) != 101


def raw(port: int, *headers: str) -> int:
    """Ask for the probe with exactly these headers; return the status."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        lines = ["GET /health/live HTTP/1.1", *headers, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status


@pytest.mark.slow
def test_it_says_where_it_answers_and_begins_the_log_by_its_settings(product: Product) -> None:
    start(product)
    told = json.loads((product.data / "run.json").read_text())
    assert (told["url"], told["issuer"]) == (product.url, f"{product.url}/dev-idp")
    assert eventually(lambda: "settings.load" in actions(product))
    assert actions(product)[0] == "log.genesis"


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.2", "http://127.0.0.2:8400"), ("::1", "http://[::1]:8400")]
)
def test_the_address_it_listens_at_is_one_of_its_names(tmp_path: Path, host: str, url: str) -> None:
    settings = load_settings(data=tmp_path, server={"host": host})
    assert settings.base_url == url
    assert url in own_addresses(settings)
