"""One entry's stored row and body against its hash in the tree and the head that the hash is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from audit import canonical
from audit.body import SealedPart, check_parts, decode_parts, open_part
from audit.errors import AuditError, PartError
from audit.head import parse_time
from audit.subjects.keyring import SubjectKey
from audit.tree import merkle

Keys = Mapping[UUID | None, SubjectKey | None]
"""The keys of subjects that ever had one; None once it was erased."""

_SAME: Final = ("id", "action", "outcome", "actor", "request", "decision", "producer", "number", "retention")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something stored is not as it was signed.

    Attributes:
        code: what, as a stable word.
        index: the first entry concerned; None when no entry can be named.
        sentence: the same for people.
    """

    code: str
    index: int | None
    sentence: str

    @property
    def reason(self) -> str:
        """The reason code of the entry that tells of it."""
        return self.code if self.index is None else f"{self.code}:{self.index}"


def check_entry(row: sa.RowMapping, expected: bytes) -> Fault | None:
    """Compare a row of the table ``entry`` with its leaf hash in the tree."""
    index, head = int(row["index"]), bytes(row["head"])
    if merkle.leaf_hash(head) != expected:
        return Fault("entry_changed", index, f"Entry {index} and its hash in the tree differ.")
    told = {**_told(canonical.decode_map(head)), "leaf": expected}
    wrong = [name for name, value in told.items() if _plain(row[name]) != value]
    sentence = f"The row of entry {index} says something else than its head: {', '.join(wrong)}."
    return Fault("row_changed", index, sentence) if wrong else None


def read_parts(row: sa.RowMapping, *, may_be_gone: bool) -> tuple[SealedPart, ...] | Fault:
    """Return the stored parts of an entry, once they are the ones its head commits to."""
    index, digest = int(row["index"]), canonical.decode_map(bytes(row["head"])).get("body")
    if row["parts"] is None:
        if digest is None or may_be_gone:
            return ()
        return Fault("body_missing", index, f"The body of entry {index} is missing.")
    try:
        parts = decode_parts(bytes(row["parts"]))
        check_parts(parts, None if digest is None else str(digest))
    except AuditError as error:
        return Fault("body_changed", index, f"The body of entry {index} does not hold: {error}")
    return parts


def check_seals(index: int, parts: tuple[SealedPart, ...], keys: Keys) -> Fault | None:
    """Open each part, so that what is sealed and its labels are seen to be what was committed to."""
    try:
        for part in parts:
            _open(part, keys)
    except PartError as error:
        return Fault("body_changed", index, f"The body of entry {index} does not hold: {error}")
    return None


def _open(part: SealedPart, keys: Keys) -> None:
    if part.subject not in keys:
        raise PartError(f"The part {part.name!r} is of a subject that never had a key.")
    key = keys[part.subject]
    if key is None:
        return  # erased: nobody can open it any more, which is what erasing is for
    if key.key_id != part.key_id:
        raise PartError(f"The part {part.name!r} names another key than its subject's.")
    open_part(part, key)


def _told(fields: Mapping[str, object]) -> dict[str, object]:
    """Return what the columns of a row must say by its head."""
    resource = fields.get("resource")
    resource = resource if isinstance(resource, dict) else {}
    return {
        **{name: fields.get(name) for name in _SAME},
        "resource_type": resource.get("type"),
        "resource_id": resource.get("id"),
        "grant_id": fields.get("grant"),
        "time": parse_time(str(fields["time"])),
    }


def _plain(value: Any) -> object:  # noqa: ANN401 -- what the driver gives
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return value if value is None or isinstance(value, int | str) else str(value)
