"""The development provider's signing key: one file, readable by its owner only."""

import os
import stat
from pathlib import Path

from joserfc.jwk import ECKey

ALGORITHM = "ES256"


def load_key(path: Path) -> ECKey:
    """Return the key in `path`, made when the file does not exist.

    Raises:
        PermissionError: others than the owner can read the file.
    """
    if not path.exists():
        _create(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(f"{path} must be readable by its owner only: chmod 600.")
    key = ECKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = ECKey.generate_key("P-256").as_pem(private=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        # A link fails when another process was first; whoever was first, both then read the same key.
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
