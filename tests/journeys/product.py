"""The product as a person would start it: child processes in a data folder of their own, on free ports."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from console.processes import Child, answers, child_environment, spawn, stop, wait_until
from tests.forked import run_guildhall
from tests.patience import PATIENCE

READY_SECONDS = 300.0
POLL_SECONDS = 0.05
UNAVAILABLE = 503
TOO_LATE = "policy_timeout"
IDLE_POLL_SECONDS = 0.1
"""A pause and the question, where nothing else runs."""
PATIENT = {"GUILDHALL_POLICY__DEADLINE_MILLISECONDS": "3000"}
"""A decision that a busy machine makes late is still the decision that a journey asks for."""
Found = TypeVar("Found")
Said = TypeVar("Said")


@dataclass(frozen=True)
class Reply:
    """One HTTP answer: status, headers by lower-case name, text."""

    status: int
    headers: Mapping[str, str]
    text: str

    @cached_property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.text)


@dataclass
class Product:
    """A running installation: its data folder, where it answers, the settings all its processes get."""

    data: Path
    url: str
    gateway_url: str
    settings: Mapping[str, str]
    children: dict[str, Child] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, own: Mapping[str, str] | None = None) -> Child:
        """Start `guildhall ARGUMENTS` as the process `name`, with settings of its `own`; returns at once."""
        self.data.mkdir(parents=True, exist_ok=True)
        child = spawn(
            name,
            [sys.executable, "-m", "console", *arguments],
            log=self.data / f"{name}.out",
            environment={**self._environment(), **(own or {})},
            folder=self.data,
        )
        self.children[name] = child
        return child

    def wait(self, name: str, url: str) -> None:
        """Return once the process `name` can do its work."""
        wait_until(self.children[name], lambda: answers(f"{url}/health/ready"), seconds=READY_SECONDS)

    def kill(self, name: str) -> None:
        """Kill a process outright: nothing of it can tidy up."""
        child = self.children.pop(name)
        os.kill(child.pid, signal.SIGKILL)
        child.process.wait()

    def close(self) -> None:
        """End every process, last started first."""
        for name in reversed(list(self.children)):
            stop(self.children.pop(name), seconds=20)

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `guildhall ARGUMENTS` beside the installation and return what it said."""
        return decided(
            lambda: run_guildhall(arguments, environment=self._environment(), folder=self.data),
            lambda ended: TOO_LATE in ended.stderr if ended.returncode else False,
        )

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Reply:
        """Send a request: `/v2` to the gateway, the rest to the console. `body` goes as JSON."""
        return decided(
            lambda: self._ask(method, path, body, token),
            lambda answer: answer.status == UNAVAILABLE and TOO_LATE in answer.text,
        )

    def _ask(self, method: str, path: str, body: object, token: str | None) -> Reply:
        base = self.gateway_url if path.startswith("/v2") else self.url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=PATIENCE)
        try:
            connection.request(method, path, body=content, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, text)

    def _environment(self) -> dict[str, str]:
        return {**child_environment(without=["GUILDHALL_"]), **PATIENT, **self.settings}


@dataclass(frozen=True)
class Stage:
    """A product with people: their handles there by what they do, and how each gets an access token."""

    product: Product
    handles: Mapping[str, str]
    issue: Callable[[str, bool], str]

    def token(self, person: str, *, step_up: bool = False) -> str:
        """A new access token of the member, owner, reviewer, admin or auditor."""
        return self.issue(person, step_up)


def decided(ask: Callable[[], Said], is_late: Callable[[Said], bool]) -> Said:
    """Return the first answer to `ask` that no late decision refused; after PATIENCE, that refusal.

    Three seconds are the most that settings give a decision, and a busy machine may need more.
    """
    end = time.monotonic() + PATIENCE
    while is_late(answer := ask()) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return answer


def until(probe: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """Return the first answer of `probe` that is true; AssertionError names `what` after `seconds`.

    It asks for as long as that, and as often as an idle machine would: a busy one has as many chances.
    """
    end = time.monotonic() + seconds
    for asked in itertools.count(1):
        if found := probe():
            return found
        late = time.monotonic() >= end and asked * IDLE_POLL_SECONDS >= seconds
        assert not late, f"{what}: not within {seconds:g} s"
        time.sleep(POLL_SECONDS)
    raise AssertionError(what)
