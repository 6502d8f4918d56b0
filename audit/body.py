"""The body of an entry: up to eight parts, each sealed under one subject's key, each bound to the head.

Commitment: SHA-256(salt ‖ plaintext); plaintext is the canonical JSON of ``{"content","name","subject"}``,
the 16-byte salt is random. Sealed: nonce ‖ AES-256-GCM(key, salt ‖ plaintext, aad = commitment). The head's
``body`` is SHA-256 over the commitments in order. So ``body`` can be checked for ever without any key, and a
part only by who may read it. See docs/reference/entry-format.md.
"""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag

from audit import canonical
from audit.errors import CanonicalError, EntryTooLargeError, PartError
from audit.event import Part
from audit.subjects.keyring import NONCE_SIZE, Entropy, KeyRing, SubjectKey

MAX_PARTS: Final = 8
SALT_SIZE: Final = 16
_DIGEST_SIZE: Final = 32
_KEYS: Final = {"commitment", "key", "name", "sealed"}


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part as stored: its commitment in clear, its content readable only with the subject's key."""

    name: str
    key_id: UUID
    subject: UUID | None
    commitment: bytes
    sealed: bytes

    def to_dict(self) -> dict[str, object]:
        """Return the part as JSON: hex commitment, base64 content, no ``subject`` for none."""
        fields: dict[str, object] = {
            "commitment": self.commitment.hex(),
            "key": str(self.key_id),
            "name": self.name,
            "sealed": base64.b64encode(self.sealed).decode(),
        }
        return fields if self.subject is None else {**fields, "subject": str(self.subject)}

    @classmethod
    def from_dict(cls, fields: object) -> "SealedPart":
        """Read what ``to_dict`` made.

        Raises:
            PartError: not such a part.
        """
        try:
            return cls._read(fields)
        except (AttributeError, TypeError, ValueError):
            raise PartError("A stored part is malformed.") from None

    @classmethod
    def _read(cls, fields: object) -> "SealedPart":
        if not isinstance(fields, dict) or fields.keys() - {"subject"} != _KEYS:
            raise ValueError
        part = cls(
            name=fields["name"],
            key_id=UUID(fields["key"]),
            subject=UUID(fields["subject"]) if "subject" in fields else None,
            commitment=bytes.fromhex(fields["commitment"]),
            sealed=base64.b64decode(fields["sealed"], validate=True),
        )
        if not isinstance(part.name, str) or len(part.commitment) != _DIGEST_SIZE or part.to_dict() != fields:
            raise ValueError
        return part


def seal_parts(
    parts: Sequence[Part], keys: KeyRing, *, entropy: Entropy = os.urandom
) -> tuple[SealedPart, ...]:
    """Seal every part under its subject's key.

    Raises:
        UnknownSubjectError: a subject has no key.
        CanonicalError: a content is not canonical JSON.
        EntryTooLargeError: more than eight parts.
    """
    if len(parts) > MAX_PARTS:
        raise EntryTooLargeError("parts", len(parts), MAX_PARTS)
    return tuple(_seal(part, keys.key_for(part.subject), entropy) for part in parts)


def open_part(sealed: SealedPart, key: SubjectKey) -> Mapping[str, object]:
    """Decrypt a part and return its content, after checking it against its commitment, name and subject.

    Raises:
        PartError: another key, altered bytes, or a label that is not the part's own.
    """
    nonce, ciphertext = sealed.sealed[:NONCE_SIZE], sealed.sealed[NONCE_SIZE:]
    try:
        salted = key.cipher.decrypt(nonce, ciphertext, sealed.commitment)
        plain = canonical.decode_map(salted[SALT_SIZE:])
    except (InvalidTag, ValueError, CanonicalError):
        raise PartError(f"The part {sealed.name!r} does not open under key {key.key_id}.") from None
    content = plain.get("content")
    if hashlib.sha256(salted).digest() != sealed.commitment or not isinstance(content, dict):
        raise PartError(f"The part {sealed.name!r} does not match its commitment.")
    if plain != _plain(sealed.name, sealed.subject, content):
        raise PartError(f"The part {sealed.name!r} carries another part's name or subject.")
    return content


def body_digest(parts: Sequence[SealedPart]) -> str | None:
    """Return the head's ``body``: hex SHA-256 over the raw commitments; None when there are no parts."""
    return hashlib.sha256(b"".join(part.commitment for part in parts)).hexdigest() if parts else None


def check_parts(parts: Sequence[SealedPart], digest: str | None) -> None:
    """Check that these are exactly the parts the head speaks of, in order; needs no key.

    Raises:
        PartError: a part is missing, added, exchanged or moved.
    """
    if body_digest(parts) != digest:
        raise PartError("The stored parts are not the ones the head commits to.")


def encode_parts(parts: Sequence[SealedPart]) -> bytes:
    """Return the body as stored beside the head: the canonical JSON list of its parts."""
    try:
        return orjson.dumps([_stored(part) for part in parts])
    except orjson.JSONEncodeError:
        return canonical.encode([part.to_dict() for part in parts])


def decode_parts(data: bytes) -> tuple[SealedPart, ...]:
    """Read a stored body.

    Raises:
        CanonicalError: not canonical JSON.
        PartError: not a list of at most eight parts.
    """
    return parts_from(canonical.decode(data))


def parts_from(fields: object) -> tuple[SealedPart, ...]:
    """Read decoded parts.

    Raises:
        PartError: not a list of at most eight parts.
    """
    if not isinstance(fields, list) or len(fields) > MAX_PARTS:
        raise PartError("A stored body is not a list of at most eight parts.")
    return tuple(SealedPart.from_dict(part) for part in fields)


def _seal(part: Part, key: SubjectKey, entropy: Entropy) -> SealedPart:
    plain = canonical.encode(_plain(part.name, part.subject, dict(part.content)))
    salted = entropy(SALT_SIZE) + plain
    commitment = hashlib.sha256(salted).digest()
    nonce = entropy(NONCE_SIZE)
    return SealedPart(
        name=part.name,
        key_id=key.key_id,
        subject=part.subject,
        commitment=commitment,
        sealed=nonce + key.cipher.encrypt(nonce, salted, commitment),
    )


def _stored(part: SealedPart) -> dict[str, object]:
    """Return ``to_dict`` in canonical order, with ids as they are: the writer spells them as str() does."""
    fields: dict[str, object] = {
        "commitment": part.commitment.hex(),
        "key": part.key_id,
        "name": part.name,
        "sealed": base64.b64encode(part.sealed).decode("ascii"),
    }
    if part.subject is not None:
        fields["subject"] = part.subject
    return fields


def _plain(name: str, subject: UUID | None, content: dict[str, object]) -> dict[str, object]:
    return {"content": content, "name": name, "subject": None if subject is None else str(subject)}
