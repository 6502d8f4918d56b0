"""Signing keys in files of mode 0600, in the text form of Go's ``sumdb/note``: one line, made once."""

import base64
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.checkpoints import note
from audit.errors import KeyFileError, NoteError

_PREFIX: Final = "PRIVATE+KEY"
_SEED_SIZE: Final = 32


def _ed25519(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _ml_dsa_44(seed: bytes) -> bytes:
    return MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


_PUBLIC: Final[Mapping[bytes, Callable[[bytes], bytes]]] = {
    note.ED25519: _ed25519,
    note.ED25519_COSIGNATURE: _ed25519,
    note.ML_DSA_44_COSIGNATURE: _ml_dsa_44,
}


def load_or_create_seed(path: Path, name: str, kind: bytes) -> bytes:
    """Return the 32-byte seed of the key called ``name``; makes the key when there is no file.

    Raises:
        KeyFileError: others may read the file, it is of another name or kind, or it holds no key.
        NoteError: the name cannot be a key's.
    """
    note.check_name(name)
    if not path.exists():
        _create(path, name, kind)
    return _load(path, name, kind)


def _create(path: Path, name: str, kind: bytes) -> None:
    """Write a new key beside ``path`` and link it there, so that no half-written key is ever found."""
    seed = secrets.token_bytes(_SEED_SIZE)
    identity = note.key_id(name, _PUBLIC[kind](seed), kind).hex()
    secret = base64.b64encode(kind + seed).decode()
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{_PREFIX}+{name}+{identity}+{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        _link(fresh, path)
    finally:
        fresh.unlink()


def _link(fresh: Path, path: Path) -> None:
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return  # another process was first; its key is the one to load
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _load(path: Path, name: str, kind: bytes) -> bytes:
    with path.open() as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise KeyFileError(f"Others may read the key file {path} (mode {mode:04o}); make it 0600.")
        text = file.read(4096).strip()
    prefix = f"{_PREFIX}+{name}+"
    if not text.startswith(prefix):
        raise KeyFileError(f"The key file {path} holds no key of {name}.")
    identity, _, encoded = text.removeprefix(prefix).partition("+")
    try:
        material = note.decode_base64(encoded)
        public = _PUBLIC[material[:1]](material[1:])
    except (KeyError, NoteError, ValueError):
        raise KeyFileError(f"The key file {path} is damaged.") from None
    if material[:1] != kind or note.key_id(name, public, kind).hex() != identity:
        raise KeyFileError(f"The key file {path} is damaged.")
    return material[1:]
