"""Starts the roles: console and gateway answer HTTP in this process, the worker is a process of its own."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal, cast

import uvicorn

from console.app import create_app, create_probes
from console.asgi import ASGIApp, Dispatcher, KnownHosts, Lifecycle, Mount
from console.effective import record_settings
from console.erasure.elsewhere import require_settled_at_start, settle_at_start
from console.gateway.app import Gateway
from console.installation import require_current, stamp
from console.policies.own_engine import OwnEngine
from console.processes import Child, ProcessError, child_environment, last_lines, spawn
from console.processes import stop as stop_child
from console.runtime import keep_what_stands
from console.scim.mount import ScimMount
from console.security import site_of
from console.services import Services, build
from console.settings import PREFIX, Settings
from console.sign_in.providers import dev_issuer
from console.web.csp import PageHeaders
from console.worker import run_worker, stop_on_signal
from sso.dev.people import DEMO_PEOPLE
from sso.dev.profile import assert_embedded
from sso.dev.provider import DevProvider

Role = Literal["all", "console", "gateway", "worker"]
GATEWAY_SEGMENTS: Final = ("v2",)
RESTART_SECONDS: Final = 1.0
ENDING: Final = (signal.SIGINT, signal.SIGTERM)
logger = logging.getLogger("guildhall")


def build_asgi(services: Services, role: Role) -> Dispatcher:
    """Return what this process answers under `role`."""
    app: object = create_probes(services) if role == "gateway" else create_app(services)
    return surround(services, role, cast("ASGIApp", app))


def surround(services: Services, role: Role, app: ASGIApp) -> Dispatcher:
    """Put the doors that are not the application's own around it."""
    mounts: dict[str, Mount] = {}
    parts: list[Lifecycle] = [services.denials, services.feed, OwnEngine(services)]
    if role in {"all", "gateway"}:
        gateway = Gateway(services)
        mounts |= dict.fromkeys(GATEWAY_SEGMENTS, Mount(gateway, "each operation of console.gateway.table"))
        parts.append(gateway)
    if role != "gateway":
        guarded = "scim.read or scim.write, asked by console.scim.door for a SCIM credential only"
        mounts["scim"] = Mount(ScimMount(services), guarded)
    if services.settings.embedded and role != "gateway":
        mounts["dev-idp"] = Mount(dev_provider(services), "an identity provider is where nobody is known yet")
    confined: ASGIApp = PageHeaders(app, form_targets(services))  # type: ignore[arg-type, assignment]
    return Dispatcher(confined, mounts, tuple(parts))


def dev_provider(services: Services) -> DevProvider:
    """Return the development identity provider; it refuses any other profile and any address but loopback."""
    settings = services.settings
    assert_embedded(settings.profile.value, settings.server.host)
    key = settings.data / "dev-idp.key"
    return DevProvider(dev_issuer(settings), key, DEMO_PEOPLE, services.clock)


def form_targets(services: Services) -> tuple[str, ...]:
    """Return the origins a form's redirect may lead to: the identity providers'."""
    return tuple(site_of(issuer) for issuer in services.sign_in.issuers)


def own_addresses(settings: Settings) -> tuple[str, ...]:
    """Return the addresses at which the embedded profile answers: this machine's names only."""
    names = ("localhost", "127.0.0.1", "[::1]")
    loopback = (f"http://{name}:{settings.server.port}" for name in names)
    return (settings.base_url, settings.listening_url, *loopback)


class AnnouncingServer(uvicorn.Server):
    """A server that says when its port is open, and that leaves the end of the process to its caller."""

    def __init__(self, ready: Callable[[], None], config: uvicorn.Config) -> None:
        """Call `ready` once requests are answered."""
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End gracefully when told to. Uvicorn would raise the signal again before our own parts end."""
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in ENDING:
                loop.remove_signal_handler(number)


async def serve_http(services: Services, role: Role, ready: Callable[[], None] = lambda: None) -> None:
    """Answer HTTP until told to end; `ready` is called once the port is open. Closes `services`."""
    try:
        await stamp(services)
        await (require_settled_at_start(services) if role == "gateway" else settle_at_start(services))
        await record_settings(services, role)
        server = AnnouncingServer(ready, server_config(services, role))
        keep_what_stands()
        await server.serve()
    finally:
        await services.close()


def server_config(services: Services, role: Role) -> uvicorn.Config:
    """Return how the server listens: it believes no forwarding header, and opens no web socket."""
    settings = services.settings
    app: ASGIApp = build_asgi(services, role)
    if settings.embedded:
        app = KnownHosts(app, *own_addresses(settings))
    return uvicorn.Config(
        app,
        host=settings.server.host.strip("[]"),
        port=settings.server.port,
        lifespan="on",
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )


async def serve(settings: Settings, role: str, say: Callable[[str], None]) -> None:
    """Run one role, or all of them, until told to end.

    Raises:
        SettingsError: a database is not at the newest revision, or was made under another profile.
    """
    await require_current(settings)
    if role == "worker":
        await serve_worker(settings)
        return
    if role != "gateway":  # the command line asks the console, which may answer at another port
        write_run_file(settings)
    if role == "all":
        await serve_all(settings, lambda: say(f"Guildhall answers at {settings.base_url}"))
        return
    await serve_http(build(settings), "console" if role == "console" else "gateway")


async def serve_worker(settings: Settings) -> None:
    """Run the worker until told to end."""
    services, stop = build(settings), asyncio.Event()
    stop_on_signal(stop)
    try:
        await stamp(services)
        await settle_at_start(services)
        keep_what_stands()
        await run_worker(services, stop)
    finally:
        await services.close()


async def serve_all(settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Supervise: the worker as a child process, console and gateway here."""
    await _stamp_first(settings)
    worker = WorkerChild(settings)
    worker.start()
    watching = asyncio.create_task(worker.keep_running())
    try:
        await serve_http(build(settings), "all", ready)
    finally:
        watching.cancel()
        worker.stop()


async def _stamp_first(settings: Settings) -> None:
    # Before there are two processes that would both write the stamp, or both refuse it.
    services = build(settings)
    try:
        await stamp(services)
        await settle_at_start(services)
    finally:
        await services.close()


class WorkerChild:
    """The worker's process: started, started again when it ends, and ended with us."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to start a worker under `settings`."""
        self._settings = settings
        self._child: Child | None = None

    def start(self) -> None:
        """Start the process; its output goes to `worker.log` in the data folder."""
        command = [sys.executable, "-m", "console", "serve", "--role", "worker"]
        log = self._settings.data / "worker.log"
        self._child = spawn("worker", command, log=log, environment=_environment(self._settings))

    async def keep_running(self) -> None:
        """Start it again whenever it ends: intents are durable, so nothing is lost meanwhile."""
        while True:
            await asyncio.sleep(RESTART_SECONDS)
            try:
                self._restart_if_ended()
            except ProcessError:
                logger.exception("The worker cannot be started; trying again.")

    def _restart_if_ended(self) -> None:
        if self._child is None or self._child.exit_code is None:
            return
        # The new one begins the log file anew, so what the old one said last is kept here.
        said = last_lines(self._child.log)
        logger.warning("The worker ended (%s); starting it again. %s", self._child.exit_code, said)
        self.start()

    def stop(self) -> None:
        """End the process; it drains what waits first."""
        if self._child is not None:
            stop_child(self._child)


def _environment(settings: Settings) -> dict[str, str]:
    # The child reads the same file and environment; only what was given on the command line is added.
    return child_environment() | {
        f"{PREFIX}DATA": str(settings.data.resolve()),
        f"{PREFIX}PROFILE": settings.profile.value,
        f"{PREFIX}SERVER__PORT": str(settings.server.port),
        f"{PREFIX}SERVER__HOST": settings.server.host,
    }


def write_run_file(settings: Settings) -> Path:
    """Tell the command line where this installation answers."""
    path = settings.data / "run.json"
    said = {
        "url": settings.base_url,
        "issuer": dev_issuer(settings) if settings.embedded else None,
        "data": str(settings.data.resolve()),
        "pid": os.getpid(),
    }
    path.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    return path
