"""Keys and checkpoints for tests of trust: each key comes from a small number, so that it has a name."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints.checkpoint import Checkpoint, FileSigner, sign_checkpoint
from audit.checkpoints.cosignature import FileCosigner
from audit.checkpoints.note import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE

ORIGIN = "log.example/a"
NOW = 1_800_000_000


def log_key(number: int, origin: str = ORIGIN) -> FileSigner:
    return FileSigner(origin, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def quantum_key(number: int, origin: str = ORIGIN) -> FileCosigner:
    return FileCosigner(origin, ML_DSA_44_COSIGNATURE, bytes([number]) * 32)


def witness_key(number: int, kind: bytes = ED25519_COSIGNATURE) -> FileCosigner:
    return FileCosigner(f"witness.example/w{number}", kind, bytes([100 + number]) * 32)


def a_checkpoint(size: int = 5, root: bytes = bytes(32), origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, root)


def signed(checkpoint: Checkpoint, *signers: FileSigner) -> bytes:
    """One note with the signature of each."""
    notes = [sign_checkpoint(checkpoint, signer) for signer in signers]
    text = checkpoint.to_text().encode() + b"\n"
    return text + b"".join(note.removeprefix(text) for note in notes)


def cosigned(note: bytes, *cosigners: FileCosigner, time: int = NOW) -> bytes:
    """The note with the line of each."""
    text = note.decode().rpartition("\n\n")[0] + "\n"
    return note + "".join(one.cosign(text, time) for one in cosigners).encode()
