"""C2SP cosignatures (https://c2sp.org/tlog-cosignature): a dated signature over a checkpoint.

A witness says with one that it saw the log grow up to here and nothing be rewritten; the log itself adds one
with ML-DSA-44 (FIPS 204) beside its Ed25519 signature, which a quantum computer could forge one day.
"""

import struct
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from audit.checkpoints import note
from audit.checkpoints.checkpoint import Checkpoint, parse_checkpoint
from audit.checkpoints.key_files import load_or_create_seed
from audit.checkpoints.note import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, Signature, VerifierKey
from audit.errors import NoteError

_LABEL: Final = b"subtree/v1\n\0"
_TIME_SIZE: Final = 8
_MAX_TIME: Final = 2**63 - 1


class Cosigner(Protocol):
    """Holds a cosigning key; the key itself never leaves."""

    @property
    def vkey(self) -> str:
        """The verifier key to publish."""
        ...

    def cosign(self, text: str, time: int) -> str:
        """Return the signature line over the checkpoint ``text``, at ``time`` in seconds since 1970."""
        ...


class FileCosigner:
    """A cosigner whose key lies in a file of mode 0600. ``kind`` is the byte of the signature's type."""

    def __init__(self, name: str, kind: bytes, seed: bytes) -> None:
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey = (
            MLDSA44PrivateKey.from_seed_bytes(seed)
            if kind == ML_DSA_44_COSIGNATURE
            else Ed25519PrivateKey.from_private_bytes(seed)
        )
        self.vkey = note.make_vkey(name, self._private.public_key().public_bytes_raw(), kind)
        self._key = note.parse_any_vkey(self.vkey)

    def cosign(self, text: str, time: int) -> str:
        """Return the signature line, as ``Cosigner`` says."""
        signature = self._private.sign(_message(self._key, text, time))
        return note.format_signature(self._key, struct.pack(">Q", time) + signature)

    @classmethod
    def load_or_create(cls, path: Path, name: str, kind: bytes = ML_DSA_44_COSIGNATURE) -> "FileCosigner":
        """Read the key called ``name``, or make it when there is no file.

        Raises:
            KeyFileError: others may read the file, it is of another name or kind, or it holds no key.
            NoteError: the name cannot be a key's.
        """
        return cls(name, kind, load_or_create_seed(path, name, kind))


def verify_cosignature(signature: Signature, key: VerifierKey, text: str) -> int:
    """Return when the checkpoint ``text`` was cosigned, in seconds since 1970.

    Raises:
        NoteError: the line is not that key's, or its signature does not belong to this text.
    """
    stamped = signature.signature
    if (signature.name, signature.key_id) != (key.name, key.key_id) or len(stamped) <= _TIME_SIZE:
        raise NoteError(f"The line is no cosignature of {key.name}.")
    (time,) = struct.unpack(">Q", stamped[:_TIME_SIZE])
    if time > _MAX_TIME:
        raise NoteError(f"The cosignature of {key.name} names no moment.")
    try:
        _public(key).verify(stamped[_TIME_SIZE:], _message(key, text, time))
    except InvalidSignature:
        raise NoteError(f"The cosignature of {key.name} does not belong to this text.") from None
    return int(time)


def _public(key: VerifierKey) -> Ed25519PublicKey | MLDSA44PublicKey:
    if key.kind == ML_DSA_44_COSIGNATURE:
        return MLDSA44PublicKey.from_public_bytes(key.public)
    if key.kind == ED25519_COSIGNATURE:
        return Ed25519PublicKey.from_public_bytes(key.public)
    raise NoteError(f"The key of {key.name} does not cosign.")


def _message(key: VerifierKey, text: str, time: int) -> bytes:
    if key.kind == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    return _subtree(key.name, parse_checkpoint(text), time)


def _subtree(name: str, checkpoint: Checkpoint, time: int) -> bytes:
    """Return the message of type 0x06: the whole tree, from entry 0 to the checkpoint's size."""
    return b"".join(
        (
            _LABEL,
            _short(name),
            struct.pack(">Q", time),
            _short(checkpoint.origin),
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


def _short(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= 255:  # noqa: PLR2004 - the length is one byte
        raise NoteError("A name in a cosignature has 1 to 255 bytes.")
    return bytes([len(data)]) + data
