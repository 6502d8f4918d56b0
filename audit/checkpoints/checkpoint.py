"""C2SP checkpoints (https://c2sp.org/tlog-checkpoint): origin, size and root of the tree, as a signed note.

The log's key name is its origin. Whoever signs must first check that the new tree extends the last one
signed; that rule belongs to the one worker that holds the key, not here.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints import note
from audit.checkpoints.key_files import load_or_create_seed
from audit.errors import CheckpointError
from audit.tree.merkle import HASH_SIZE

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree at one size: the log's ``origin``, its number of entries, its root hash."""

    origin: str
    size: int
    root: bytes

    def to_text(self) -> str:
        """Return the note text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class Signer(Protocol):
    """Holds the log's key and signs with it; the key itself never leaves."""

    @property
    def name(self) -> str:
        """The key's name, equal to the log's origin."""
        ...

    @property
    def vkey(self) -> str:
        """The verifier key to publish."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature (RFC 8032) over ``message``."""
        ...


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text. Extension lines are allowed and ignored.

    Raises:
        CheckpointError: not a checkpoint's text.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _LINES or not all(lines) or _SIZE.fullmatch(lines[1]) is None:
        raise CheckpointError("The note is no checkpoint: it lacks origin, size or root.")
    root = note.decode_base64(lines[2])
    if len(root) != HASH_SIZE:
        raise CheckpointError("The checkpoint's root is not a SHA-256 hash.")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Return the signed checkpoint.

    Raises:
        CheckpointError: the checkpoint is not of the signer's log.
    """
    if checkpoint.origin != signer.name:
        raise CheckpointError(f"The key of {signer.name} does not sign for {checkpoint.origin}.")
    return note.sign_note(checkpoint.to_text(), vkey=signer.vkey, sign=signer.sign)


def verify_checkpoint(data: bytes, vkey: str) -> Checkpoint:
    """Return the checkpoint after verifying signature and origin under the trusted key.

    Raises:
        NoteError: malformed, or not signed by that key.
        CheckpointError: signed, but no checkpoint of that key's log.
    """
    checkpoint = parse_checkpoint(note.verify_note(data, vkey))
    if checkpoint.origin != note.parse_vkey(vkey).name:
        raise CheckpointError(f"The checkpoint is of another log, {checkpoint.origin}.")
    return checkpoint


class FileSigner:
    """A signer whose key lies in a file of mode 0600, in the text form of Go's ``sumdb/note``."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._name, self._key = name, key

    @property
    def name(self) -> str:
        """The key's name, equal to the log's origin."""
        return self._name

    @property
    def vkey(self) -> str:
        """The verifier key to publish."""
        return note.make_vkey(self._name, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature (RFC 8032) over ``message``."""
        return self._key.sign(message)

    @classmethod
    def load_or_create(cls, path: Path, origin: str) -> "FileSigner":
        """Read the key for ``origin``, or make it when there is no file.

        Raises:
            KeyFileError: others may read the file, it is of another origin, or it holds no key.
            NoteError: the origin cannot be a key's name.
        """
        seed = load_or_create_seed(path, origin, note.ED25519)
        return cls(origin, Ed25519PrivateKey.from_private_bytes(seed))
