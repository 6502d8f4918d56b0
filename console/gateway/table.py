"""Every path the gateway governs, with the permission each needs. What is not listed does not exist."""

import re
from dataclasses import dataclass
from typing import Final

from audit.events import Action
from policy.permissions import Permission

MODEL: Final = r"(?P<model>[^/]{1,200})"
VERSION: Final = r"(?:/versions/(?P<version>[^/]{1,200}))?"


@dataclass(frozen=True, slots=True)
class Operation:
    """One governed operation of a protocol.

    `recorded` says whether an allowed call is recorded too; of a description only the refusal is.
    """

    name: str
    method: str
    pattern: re.Pattern[str]
    permission: Permission
    action: Action
    suffix: str
    recorded: bool


def _v2(name: str, method: str, suffix: str, permission: Permission, action: Action) -> Operation:
    pattern = re.compile(f"/v2/models/{MODEL}{VERSION}{suffix}")
    return Operation(name, method, pattern, permission, action, suffix, recorded=method == "POST")


GOVERNED: Final = (
    _v2("v2.infer", "POST", "/infer", Permission.MODEL_INVOKE, Action.MODEL_INVOKE),
    _v2("v2.ready", "GET", "/ready", Permission.MODEL_DESCRIBE, Action.MODEL_DESCRIBE),
    _v2("v2.metadata", "GET", "", Permission.MODEL_DESCRIBE, Action.MODEL_DESCRIBE),
)

OPEN: Final = {
    "/v2/health/live": "a probe: it says that the gateway answers",
    "/v2/health/ready": "a probe: it says that the gateway can record calls",
    "/v2": "the server's own description: names no model",
}
"""Paths answered by the gateway itself to anybody, each with the reason."""


@dataclass(frozen=True, slots=True)
class Match:
    """A path that fits an operation."""

    operation: Operation
    model: str
    version: str | None


def match(method: str, path: str) -> Match | None:
    """Return the operation that governs `method` and `path`, or None."""
    for operation in GOVERNED:
        if operation.method == method and (found := operation.pattern.fullmatch(path)):
            return Match(operation, found["model"], found["version"])
    return None
