"""Key files: 32 random bytes that only their owner may read, made at first use."""

import os
import stat
from pathlib import Path

from audit.errors import KeyFileError
from audit.subjects.keyring import KEY_SIZE


def load_kek(path: Path) -> bytes:
    """Return the 32-byte key-encryption key in ``path`` (mode 0600), made when the file is absent.

    Raises:
        KeyFileError: others may read the file, or it does not hold 32 bytes.
    """
    if not path.exists():
        _create_kek(path)
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyFileError(f"{path.name} may be read by others; its mode must be 0600.")
        kek = file.read()
    if len(kek) != KEY_SIZE:
        raise KeyFileError(f"{path.name} does not hold {KEY_SIZE} bytes.")
    return kek


def _create_kek(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, os.urandom(KEY_SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(fresh, path)  # fails when another process was quicker: its key is the key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
