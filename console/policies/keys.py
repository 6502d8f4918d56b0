"""The key that signs bundles, held by the worker alone, and what verifies beside it, for every process."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey

from audit.errors import KeyFileError
from policy.signing import key_id, new_key

SIGNS: Final = "bundle.key"
VERIFIES: Final = "bundle.pem"


def signing_key(folder: Path) -> ECKey:
    """Return the bundle key (PEM, mode 0600), made at first use, and publish what verifies beside it.

    Raises:
        KeyFileError: others may read the file, or it holds no key.
    """
    path = folder / SIGNS
    if not path.exists():
        _write(path, new_key().as_pem(private=True), 0o600)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileError(f"{path.name} may be read by others; its mode must be 0600.")
    try:
        key = ECKey.import_key(path.read_bytes())
    except ValueError as error:
        raise KeyFileError(f"{path.name} holds no key.") from error
    _write(folder / VERIFIES, key.as_pem(private=False), 0o644)
    return key


def verifying_keys(folder: Path) -> Mapping[str, ECKey]:
    """Return what verifies, by key id; nothing before the worker has first started."""
    path = folder / VERIFIES
    if not path.exists():
        return {}
    key = ECKey.import_key(path.read_bytes())
    return {key_id(key): key}


def _write(path: Path, data: bytes, mode: int) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
