"""The settings in force, as every start records them: secrets as fingerprints, never as they are."""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import PurePath

from pydantic import BaseModel, SecretStr

from audit.event import Part
from audit.events import Action
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from sso.principal import system_principal


async def record_settings(services: Services, role: str) -> None:
    """Record what this process starts with: settings, version, bundle revision, role."""
    work = UnitOfWork(services, system_principal("start"), Origin("process"))
    content = {
        "role": role,
        "version": version("guildhall"),
        "policy_revision": services.policy_revision,
        "settings": plain(services.settings),
    }
    async with work.write():
        await work.record(Action.SETTINGS_LOAD, parts=[Part(name="settings", subject=None, content=content)])


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
