"""The texts of ``add-checkpoint`` (https://c2sp.org/tlog-witness): the log writes, a witness reads."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.checkpoints.note import decode_base64
from audit.errors import AuditError, NoteError
from audit.tree.merkle import HASH_SIZE

MAX_REQUEST: Final = 65_536
SIZE_TYPE: Final = "text/x.tlog.size"
_MAX_HASHES: Final = 63
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


class WitnessRequestError(AuditError):
    """A request is not of the protocol's form."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A log asks to cosign ``note``, whose tree extends the one of ``old`` entries by ``proof``."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


def format_request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Write a request."""
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", note]
    return "\n".join(lines).encode()


def parse_request(data: bytes) -> AddCheckpoint:
    """Read a request; nothing in it is verified.

    Raises:
        WitnessRequestError: malformed.
    """
    top, blank, note = data.partition(b"\n\n")
    try:
        first, *hashes = top.decode("ascii").split("\n")
        proof = tuple(decode_base64(one) for one in hashes)
    except (UnicodeDecodeError, NoteError):
        raise WitnessRequestError("A line of the request is not its own.") from None
    old = _OLD.fullmatch(first)
    if not blank or old is None or len(proof) > _MAX_HASHES or any(len(one) != HASH_SIZE for one in proof):
        raise WitnessRequestError("The request lacks its old size, or has malformed hashes.")
    return AddCheckpoint(int(old[1]), proof, note)


def parse_size(data: bytes) -> int | None:
    """Read the body of a 409, None when it is no size."""
    found = _SIZE.fullmatch(data)
    return int(found[1]) if found else None


def checkpoint_path(origin: str) -> str:
    """Return where a witness shows the newest checkpoint it cosigned of a log."""
    return f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
