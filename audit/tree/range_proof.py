"""Ranges as texts: entries without a gap, and the proof that nothing between them was left out.

An entry the reader may not see stands there by its leaf hash alone, so a range can be shown in part and is
still proven whole. The text, in ASCII, modelled on the tlog-proof of C2SP::

    guildhall-range@v1
    first 1042
    hash BASE64       the roots of the subtrees outside the range, from left to right
    entry BASE64      an entry's bytes, or
    leaf BASE64       its leaf hash alone

    CHECKPOINT        the signed note
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.checkpoints import note
from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.trust import Trust
from audit.errors import NoteError, ProofError
from audit.tree import merkle

FIRST_LINE: Final = "guildhall-range@v1"
_FIRST: Final = re.compile(r"first (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shown:
    """One place of a range: the entry's bytes, or None where only its leaf hash is shown."""

    leaf: bytes
    entry: bytes | None


@dataclass(frozen=True, slots=True)
class RangeProof:
    """A parsed range, not yet verified: nothing in it may be trusted."""

    first: int
    hashes: tuple[bytes, ...]
    places: tuple[Shown, ...]
    checkpoint: bytes

    @property
    def last(self) -> int:
        """The index of the last place."""
        return self.first + len(self.places) - 1


def is_range(data: bytes) -> bool:
    """Return whether ``data`` claims to be a range."""
    return data.startswith(FIRST_LINE.encode() + b"\n")


def format_range(proof: RangeProof) -> bytes:
    """Write the range's text."""
    lines = [FIRST_LINE, f"first {proof.first}"]
    lines += [f"hash {_encode(one)}" for one in proof.hashes]
    lines += [_place(one) for one in proof.places]
    return "\n".join([*lines, "", ""]).encode() + proof.checkpoint


def parse_range(data: bytes) -> RangeProof:
    """Read a range's text without verifying it.

    Raises:
        ProofError: malformed.
    """
    top, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
        read = [_read(line) for line in lines[2:]]
    except (UnicodeDecodeError, NoteError, ValueError):
        raise ProofError("The range holds a line that is not its own.") from None
    first = _FIRST.fullmatch(lines[1]) if len(lines) > 1 else None
    if not blank or lines[0] != FIRST_LINE or first is None:
        raise ProofError("The text is no range, version 1.")
    cut = next((place for place, (kind, _) in enumerate(read) if kind != "hash"), len(read))
    if cut == len(read) or any(kind == "hash" for kind, _ in read[cut:]):
        raise ProofError("The range shows nothing, or its lines stand out of order.")
    places = tuple(_shown(kind, value) for kind, value in read[cut:])
    return RangeProof(int(first[1]), tuple(value for _, value in read[:cut]), places, checkpoint)


def verify_range(data: bytes, trust: Trust, *, now: int) -> tuple[RangeProof, Checkpoint]:
    """Return the range and the checkpoint that proves it: these places, all of them, as they were signed.

    ``now`` is in seconds since 1970, and counts only where the policy asks for witnesses.

    Raises:
        ProofError: malformed, or a place was changed, left out, added or moved.
        NoteError: the checkpoint is malformed, not signed as the policy asks, or of another log.
    """
    proof = parse_range(data)
    signed = trust.check(proof.checkpoint, now=now, whole=False)
    leaves = [one.leaf for one in proof.places]
    if merkle.range_root(proof.first, leaves, proof.hashes, signed.size) != signed.root:
        between = f"{proof.first} to {proof.last}"
        raise ProofError(f"The entries {between} are not the ones that were signed, or not all of them.")
    return proof, signed


def heads(proof: RangeProof) -> Sequence[tuple[int, bytes]]:
    """Return the entries that are shown whole, with their indexes."""
    places = enumerate(proof.places, proof.first)
    return [(index, one.entry) for index, one in places if one.entry is not None]


def _place(one: Shown) -> str:
    return f"leaf {_encode(one.leaf)}" if one.entry is None else f"entry {_encode(one.entry)}"


def _read(line: str) -> tuple[str, bytes]:
    kind, _, text = line.partition(" ")
    value = note.decode_base64(text)
    if kind not in {"hash", "entry", "leaf"} or (kind != "entry" and len(value) != merkle.HASH_SIZE):
        raise ValueError
    return kind, value


def _shown(kind: str, value: bytes) -> Shown:
    return Shown(value, None) if kind == "leaf" else Shown(merkle.leaf_hash(value), value)


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
