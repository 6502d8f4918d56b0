"""One key per subject: destroying it erases what the log says about that subject, and proofs stay valid.

Keys are wrapped for storage with AES-256-GCM (NIST SP 800-38D); the associated data binds the wrapping to
key and subject, so wrapped keys cannot be exchanged between rows.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from uuid_utils.compat import uuid7

from audit.errors import UnknownSubjectError, UnwrapError

Entropy = Callable[[int], bytes]
KEY_SIZE: Final = 32
NONCE_SIZE: Final = 12


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """The 32-byte secret that seals parts about ``subject``; None is the installation itself."""

    key_id: UUID
    subject: UUID | None
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)
    """AES-256-GCM under the secret, set up once."""
    id_text: str = field(init=False, repr=False, compare=False)
    subject_json: bytes = field(init=False, repr=False, compare=False)
    """The subject as a part's plaintext names it, and as the stored part does (``subject_field``)."""
    subject_field: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_SIZE:
            raise ValueError("A subject key has 32 bytes.")
        about = None if self.subject is None else f'"{self.subject}"'
        written = {
            "cipher": AESGCM(self.secret),
            "id_text": str(self.key_id),
            "subject_json": b"null" if about is None else about.encode(),
            "subject_field": "" if about is None else f',"subject":{about}',
        }
        for name, value in written.items():
            object.__setattr__(self, name, value)


class KeyRing(Protocol):
    """Gives the key under which parts about a subject are sealed and opened."""

    def key_for(self, subject: UUID | None) -> SubjectKey:
        """Return the subject's key.

        Raises:
            UnknownSubjectError: never made, or erased.
        """
        ...


class MemoryKeyRing:
    """A key ring held in memory, filled by whoever reads the stored keys."""

    def __init__(self, keys: Iterable[SubjectKey] = ()) -> None:
        self._keys = {key.subject: key for key in keys}

    def key_for(self, subject: UUID | None) -> SubjectKey:
        """Return the subject's key, as ``KeyRing`` says."""
        try:
            return self._keys[subject]
        except KeyError:
            raise UnknownSubjectError(subject) from None

    def add(self, key: SubjectKey) -> None:
        """Keep ``key`` as its subject's key from now on."""
        self._keys[key.subject] = key

    def forget(self, subject: UUID | None) -> None:
        """Drop the subject's key, if any."""
        self._keys.pop(subject, None)


def new_key(subject: UUID | None, *, entropy: Entropy = os.urandom) -> SubjectKey:
    """Make a fresh key for ``subject``; None is the installation."""
    return SubjectKey(key_id=uuid7(), subject=subject, secret=entropy(KEY_SIZE))


def wrap(kek: bytes, key: SubjectKey, *, entropy: Entropy = os.urandom) -> bytes:
    """Encrypt ``key`` under the 32-byte ``kek``: nonce, then AES-256-GCM of the secret."""
    nonce = entropy(NONCE_SIZE)
    return nonce + AESGCM(kek).encrypt(nonce, key.secret, _binding(key.key_id, key.subject))


def unwrap(kek: bytes, key_id: UUID, subject: UUID | None, wrapped: bytes) -> SubjectKey:
    """Open what ``wrap`` made.

    Raises:
        UnwrapError: wrong ``kek``, other key or subject, or altered bytes.
    """
    try:
        secret = AESGCM(kek).decrypt(wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], _binding(key_id, subject))
        return SubjectKey(key_id=key_id, subject=subject, secret=secret)
    except (InvalidTag, ValueError):
        raise UnwrapError(f"The wrapped key {key_id} does not open under this key-encryption key.") from None


def _binding(key_id: UUID, subject: UUID | None) -> bytes:
    return key_id.bytes + (subject.bytes if subject is not None else b"")
