"""The settings in force, as every start records them: secrets as fingerprints, never as they are."""

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import PurePath
from typing import Final
from uuid import uuid5

from pydantic import BaseModel, SecretStr

from audit.event import Part
from audit.events import Action
from audit.following.differences import latest_states
from console.questions import Origin
from console.services import Services
from console.work import Row, UnitOfWork
from sso.principal import SYSTEM_NAMESPACE, system_principal

KIND: Final = "settings"
"""What history calls the settings a role was last started with; no decision reads them."""


async def record_settings(services: Services, role: str) -> None:
    """Record what this process starts with, and how it differs from what the last such process had.

    The last settings of each role are a row of history, so the difference is told, and signed, as that of any
    other row; a start that changes nothing adds nothing to it.
    """
    work = UnitOfWork(services, system_principal("start"), Origin("process"))
    async with services.database.read() as session:
        await services.policies.active(session)
    settings = plain(services.settings)
    about = {"version": version("guildhall"), "policy_revision": services.policy_revision}
    part = Part(name="settings", subject=None, content={"role": role, **about, "settings": settings})
    row = Row(KIND, uuid5(SYSTEM_NAMESPACE, f"{KIND}:{role}"), {**about, **dict(_flat(settings))}, work.now)
    async with work.write() as session:
        known = await latest_states(session, [row.id])
        same = known.get((KIND, row.id)) == row.state
        await work.record(Action.SETTINGS_LOAD, rows=[] if same else [row], parts=[part])


def _flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key, item in value.items():
        yield from _flat(item, f"{name}.{key}" if name else str(key))


def plain(value: object) -> object:
    """Return a setting as canonical JSON can hold it."""
    if isinstance(value, SecretStr):
        return fingerprint(value.get_secret_value())
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value.as_posix()) if isinstance(value, PurePath) else str(value)


def fingerprint(secret: str) -> str:
    """Return what tells two secrets apart and gives neither away."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()[:16]
