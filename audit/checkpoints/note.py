"""C2SP signed notes (https://c2sp.org/signed-note) with Ed25519 keys, signature type 0x01.

Signatures of unknown keys are ignored, as the specification asks: witnesses and rotated keys sign beside
ours.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import NoteError

ED25519: Final = b"\x01"
ED25519_COSIGNATURE: Final = b"\x04"
ML_DSA_44_COSIGNATURE: Final = b"\x06"
_KEY_SIZES: Final = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44_COSIGNATURE: 1312}
MAX_SIGNATURES: Final = 100
_DASH: Final = "\u2014 "
_ID_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A trusted key: its name, its four-byte id, its public key, and the byte that says its kind."""

    name: str
    key_id: bytes
    public: bytes
    kind: bytes = ED25519


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who, with which key, and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note, not yet verified: nothing in it may be trusted."""

    text: str
    signatures: tuple[Signature, ...]


def make_vkey(name: str, public: bytes, kind: bytes = ED25519) -> str:
    """Return the verifier key text for a public key: 32 bytes of Ed25519 unless ``kind`` says otherwise.

    Raises:
        NoteError: the name is empty or holds a space or a plus.
    """
    check_name(name)
    return f"{name}+{key_id(name, public, kind).hex()}+{base64.b64encode(kind + public).decode()}"


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key that signs notes with Ed25519.

    Raises:
        NoteError: not an Ed25519 verifier key, or its id is not that of its key.
    """
    key = parse_any_vkey(text)
    if key.kind != ED25519:
        raise NoteError("The key is not an Ed25519 verifier key.")
    return key


def parse_any_vkey(text: str) -> VerifierKey:
    """Read a verifier key of a note (0x01) or of a cosigner (0x04 Ed25519, 0x06 ML-DSA-44).

    Raises:
        NoteError: not a verifier key of a known kind, or its id is not that of its key.
    """
    name, _, rest = text.partition("+")
    identity, _, encoded = rest.partition("+")
    check_name(name)
    material = decode_base64(encoded)
    kind, public = material[:1], material[1:]
    if len(public) != _KEY_SIZES.get(kind):
        raise NoteError("The key is not an Ed25519 or ML-DSA-44 verifier key.")
    if key_id(name, public, kind).hex() != identity:
        raise NoteError("The verifier key's id does not belong to its name and key.")
    return VerifierKey(name=name, key_id=bytes.fromhex(identity), public=public, kind=kind)


def key_id(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """Return the key's four-byte id: SHA-256(name ‖ newline ‖ kind ‖ key), cut."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:_ID_SIZE]


def format_signature(key: VerifierKey, signature: bytes) -> str:
    """Return the signature line, with its newline."""
    return f"{_DASH}{key.name} {base64.b64encode(key.key_id + signature).decode()}\n"


def sign_note(text: str, *, vkey: str, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the note of ``text`` (which ends in a newline) with one signature made by ``sign``.

    Raises:
        NoteError: the text cannot be a note's, or the key is malformed.
    """
    key = parse_vkey(vkey)
    if not text.endswith("\n") or _has_controls(text):
        raise NoteError("A note's text ends in a newline and has no other control characters.")
    return f"{text}\n{format_signature(key, sign(text.encode()))}".encode()


def parse_note(data: bytes) -> Note:
    """Read a note without verifying it.

    Raises:
        NoteError: malformed.
    """
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise NoteError("The note is not UTF-8.") from None
    text, blank, rest = whole.rpartition("\n\n")
    if not blank or not text or not rest.endswith("\n") or _has_controls(whole):
        raise NoteError("The note lacks its text, its blank line or its last newline.")
    return Note(text=text + "\n", signatures=parse_signatures(rest))


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Read signature lines, each with its newline; nothing in them is verified.

    Raises:
        NoteError: malformed, none, or more than a hundred.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) > MAX_SIGNATURES:
        raise NoteError(f"A note has one to {MAX_SIGNATURES} signatures, each on a line of its own.")
    return tuple(_parse_signature(line) for line in lines)


def verify_note(data: bytes, vkey: str) -> str:
    """Return the note's text after verifying it under the trusted key.

    Raises:
        NoteError: malformed, not signed by that key, or one of its signatures is wrong.
    """
    key, note = parse_vkey(vkey), parse_note(data)
    ours = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    if not ours:
        raise NoteError(f"The note is not signed by the trusted key of {key.name}.")
    for one in ours:
        verify_signature(one, key, note.text)
    return note.text


def verify_signature(signature: Signature, key: VerifierKey, text: str) -> None:
    """Check one Ed25519 signature (RFC 8032) over a note's text.

    Raises:
        NoteError: it does not belong to this text.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature.signature, text.encode())
    except InvalidSignature:
        raise NoteError(f"The signature of {key.name} does not belong to this text.") from None


def decode_base64(text: str) -> bytes:
    """Read standard base64 (RFC 4648 section 4), accepting one spelling of each value only.

    Raises:
        NoteError: not base64, or not its canonical spelling.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("A value is not base64.") from None
    if base64.b64encode(value).decode() != text:
        raise NoteError("A base64 value has spare bits set.")
    return value


def check_name(name: str) -> None:
    """Check a key's name.

    Raises:
        NoteError: empty, or with a space, plus or control character.
    """
    if not name or "+" in name or any(char.isspace() for char in name) or _has_controls(name):
        raise NoteError("A key's name is not empty and has no spaces or plus signs.")


def _parse_signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise NoteError("A signature line begins with a dash.")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    check_name(name)
    material = decode_base64(encoded)
    if len(material) <= _ID_SIZE:
        raise NoteError("A signature is too short.")
    return Signature(name=name, key_id=material[:_ID_SIZE], signature=material[_ID_SIZE:])


def _has_controls(text: str) -> bool:
    return any(char < " " and char != "\n" for char in text)
