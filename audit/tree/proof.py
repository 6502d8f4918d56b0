"""C2SP ``.tlog-proof`` texts (https://c2sp.org/tlog-proof): one entry, proven offline in a signed tree.

Our ``extra`` line is the entry itself (the head's bytes). The specification leaves it unauthenticated, so
it is hashed here and the hash is what the proof must lead to the root.
"""

import base64
import re
import time
from dataclasses import dataclass
from typing import Final

from audit.checkpoints import note
from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import NoteError, ProofError
from audit.tree import merkle

_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MAX_HASHES: Final = 64


@dataclass(frozen=True, slots=True)
class Proof:
    """A parsed proof, not yet verified: nothing in it may be trusted. ``checkpoint`` is the signed note."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """What a verified proof establishes: these entry bytes stand at ``index`` in the checkpoint's tree."""

    index: int
    entry: bytes
    checkpoint: Checkpoint


def format_proof(proof: Proof) -> bytes:
    """Write the proof's text."""
    extra = [] if proof.extra is None else [f"extra {_encode(proof.extra)}"]
    lines = [_FIRST_LINE, *extra, f"index {proof.index}", *map(_encode, proof.hashes), "", ""]
    return "\n".join(lines).encode() + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Read a proof's text without verifying it.

    Raises:
        ProofError: malformed.
    """
    top, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
        if not blank or lines.pop(0) != _FIRST_LINE:
            raise ProofError("The text is no tlog-proof, version 1.")
        extra = note.decode_base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        index = _INDEX.fullmatch(lines.pop(0) if lines else "")
        hashes = tuple(map(note.decode_base64, lines))
    except (UnicodeDecodeError, NoteError):
        raise ProofError("The proof holds a line that is not its own.") from None
    if index is None or len(hashes) > _MAX_HASHES or any(len(one) != merkle.HASH_SIZE for one in hashes):
        raise ProofError("The proof's index or hashes are malformed.")
    return Proof(index=int(index[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)


def verify(data: bytes, trust: Trust | str, *, now: int | None = None) -> Proven:
    """Verify a proof that carries its entry, under a policy or one verifier key of the log.

    ``now`` is in seconds since 1970, and counts only where the policy asks for witnesses.

    Raises:
        ProofError: malformed, without its entry, or not leading from the entry to the root.
        NoteError: the checkpoint is malformed, not signed as the policy asks, or of another log.
    """
    proof = parse_proof(data)
    believed = Trust.of_keys([trust]) if isinstance(trust, str) else trust
    checkpoint = believed.check(proof.checkpoint, now=int(time.time()) if now is None else now, whole=False)
    if proof.extra is None:
        raise ProofError("The proof does not carry its entry in the extra line.")
    leaf = merkle.leaf_hash(proof.extra)
    merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return Proven(index=proof.index, entry=proof.extra, checkpoint=checkpoint)


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
