"""`guildhall directory setup`: makes what is missing in a Keycloak, and writes down how to reach it."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from console.errors import SettingsError
from sso.keycloak.connection import ask, open_as_admin
from sso.keycloak.setup import wanted
from sso.keycloak.setup.steps import find_steps, read_secret
from sso.keycloak.setup.wanted import Place

SETTINGS: Final = """\
# Into guildhall.toml:

[server]
public_url = "{url}"

[directory]
server_url = "{server}"
realm = "{realm}"

# Into the service's environment:

GUILDHALL_SIGN_IN__ISSUERS_FILE={issuers}
GUILDHALL_DIRECTORY__CLIENT_SECRET_FILE={secret}
"""


@dataclass(frozen=True, slots=True)
class AdminLogin:
    """An administrator of a whole Keycloak; kept nowhere."""

    server: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What was said on the way, and the settings to put down; none after a dry run."""

    lines: list[str]
    settings: str | None


async def set_up(place: Place, admin_login: AdminLogin, secrets: Path, *, dry_run: bool) -> Done:
    """Make what is missing in the realm of `place`, and keep the secrets of our clients in a folder.

    Raises:
        DirectoryError: Keycloak refuses, or does not answer.
        SettingsError: a secret cannot be kept.
    """
    server = admin_login.server.rstrip("/")
    async with open_as_admin(server, place.realm, admin_login.user, admin_login.password) as admin:
        lines = []
        async for step in find_steps(admin, place):
            lines.append(f"{'Would mend' if dry_run else 'Mended'}: {step.said}")
            if not dry_run:
                await step.do()
        if dry_run:
            return Done(lines, None)
        console, own = await read_secret(admin, wanted.CONSOLE), await read_secret(admin, wanted.DIRECTORY)
        scopes = wanted.needed_scopes(await ask(admin.a_get_realm(place.realm)))
    found: dict[str, object] = {
        "url": f"{server}/realms/{place.realm}",
        "client_secret": console,
        "scopes": scopes,
    }
    issuers, secret = _keep_secrets(found, own, secrets)
    shown = SETTINGS.format(url=place.url, server=server, realm=place.realm, issuers=issuers, secret=secret)
    return Done(lines or ["Everything is there already."], shown)


def _keep_secrets(issuer: dict[str, object], directory: str, secrets: Path) -> tuple[Path, Path]:
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    issuers, own = secrets.resolve() / "issuers.json", secrets.resolve() / "directory.secret"
    found = {"client_id": wanted.CONSOLE, "step_up_acr": ["gold"], **issuer}
    others = [one for one in _read_issuers(issuers) if one.get("url") != issuer["url"]]
    _write(issuers, json.dumps([found, *others], indent=2) + "\n")
    _write(own, directory + "\n")
    return issuers, own


def _read_issuers(path: Path) -> list[dict[str, object]]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except ValueError:
        raise SettingsError(f"{path} is not a list of issuers: move it away first.") from None
    return [one for one in found if isinstance(one, dict)]


def _write(path: Path, text: str) -> None:
    # Never readable by others, not even for the moment between making and closing it.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
