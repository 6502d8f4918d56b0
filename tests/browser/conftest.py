"""Chromium for browser tests: pages that fail on any console error, axe, screenshots, a real server."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from litestar.types import ASGIApp
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# An answer that refuses is normal; the browser mentions its status on the console all the same.
REFUSED = re.compile(
    r"Failed to load resource: the server responded with a status of (401|403|409|422|429|503)"
)
REPORT_CSP = """document.addEventListener('securitypolicyviolation', (event) =>
    console.error('CSP report: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));"""

Theme = Literal["light", "dark"]
Open = Callable[..., Page]

# Five seconds for what is expected, Playwright's default, a busy machine spends on one navigation.
MILLISECONDS = PATIENCE * 1_000
expect.set_options(timeout=MILLISECONDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Playwright's synchronous driver keeps an event loop on this thread; it ends with the module, so that
# asynchronous tests elsewhere find the thread free. Keep browser tests synchronous.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[ASGIApp], str]]:
    """Serve an ASGI app on loopback until the module ends; gives its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: ASGIApp) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        options = uvicorn.Config(app, log_level="warning", loop="asyncio", ws="none", lifespan="on")
        server = uvicorn.Server(options)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        running.append((server, thread))
        wait_until(lambda: server.started)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(PATIENCE)


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the server did not start in time"
        threading.Event().wait(0.01)


def patient_page(context: BrowserContext) -> Page:
    """Open a page whose actions, navigations and pictures may take as long as a busy machine needs."""
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    return page


class Watched:
    """Collects what pages complain about."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def watch(self, page: Page) -> None:
        page.add_init_script(REPORT_CSP)
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSED.match(message.text):
            self.complaints.append(message.text)


@pytest.fixture
def complaints() -> list[str]:
    """What the test's pages complained of; a test that provokes a complaint checks and clears it."""
    return []


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[Open]:
    """Open pages with a theme and width; at the end none of them may have complained."""
    contexts: list[BrowserContext] = []
    watched = Watched()
    watched.complaints = complaints

    def open_at(url: str, *, theme: Theme = "light", width: int = 1400, **options: Any) -> Page:
        context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        opened = patient_page(context)
        watched.watch(opened)
        opened.goto(url)
        return opened

    yield open_at
    for context in contexts:
        with contextlib.suppress(Exception):
            context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Open) -> Page:
    """One wide page in the light theme, still empty."""
    return open_page("about:blank")


@pytest.fixture
def axe(open_page: Open) -> Callable[..., list[str]]:
    """Check a page's accessibility; answers one line per violation.

    It opens the address anew, where the policy does not keep the checker out.
    """

    def check(page: Page, *, theme: Theme = "light", width: int = 1400) -> list[str]:
        state = page.context.storage_state()
        copy = open_page(page.url, theme=theme, width=width, bypass_csp=True, storage_state=state)
        return check_here(copy)

    return check


def check_here(page: Page) -> list[str]:
    """Run axe inside a page that was opened with ``bypass_csp=True``."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{violation['id']} {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture
def screenshot() -> Callable[[Page, str], Path]:
    """Write a picture of the whole page to var/screenshots, for people to look at."""

    def take(page: Page, name: str) -> Path:
        file = ROOT / "var" / "screenshots" / f"{name}.png"
        # Hiding the caret, Playwright's default, writes a style element: the page's policy would report it.
        page.screenshot(path=file, full_page=True, caret="initial")
        return file

    return take
