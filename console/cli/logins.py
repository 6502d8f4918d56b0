"""Where `guildhall login` keeps its tokens: one file of its owner alone, by the address they are for."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OWNER_ONLY = 0o600
OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Login:
    """Tokens of one sign-in, and where they are renewed and ended; `expires` in seconds."""

    issuer: str
    client_id: str
    token_endpoint: str
    expires: int
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    revocation_endpoint: str | None = None


def logins_path() -> Path:
    """Return the file, in the user's folder of settings."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "guildhall" / "logins.json"


def read_login(url: str) -> Login | None:
    """Return the login at `url`; None when there is none that can be used."""
    found = _read(logins_path()).get(url)
    try:
        return Login(**found) if isinstance(found, dict) else None
    except TypeError:
        return None


@contextmanager
def changing() -> Iterator[None]:
    """Let one process at a time renew or replace tokens: a refresh token is good once."""
    path = logins_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, OWNER_ONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def keep_login(url: str, login: Login | None) -> None:
    """Keep a login, or forget it; the file is replaced as a whole, and only its owner can read it."""
    path = logins_path()
    logins = _read(path)
    logins.pop(url, None)
    if login is not None:
        logins[url] = asdict(login)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w") as file:
        json.dump(logins, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & OTHERS:
                raise PermissionError(f"{path} can be read by others; its mode must be 0600")
            found = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
