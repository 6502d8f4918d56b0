"""Whom a verifier believes: the log's keys, each for a range of tree sizes, and a quorum of witnesses.

Kept as a C2SP policy file (https://c2sp.org/tlog-policy). That format has no ranges; ours stand in a comment
above the key (``# sizes 1 to 4711``, ``# sizes from 4712``), so other software reads the file and ignores
them. Everything here needs the standard library and ``cryptography`` only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from audit.checkpoints import note
from audit.checkpoints.checkpoint import Checkpoint, parse_checkpoint
from audit.checkpoints.cosignature import verify_cosignature
from audit.checkpoints.note import ED25519, ML_DSA_44_COSIGNATURE, Note, Signature, VerifierKey, parse_note
from audit.errors import CheckpointError, NoteError

NO_QUORUM: Final = "none"
CLOCK_TOLERANCE: Final = 300
"""Seconds a cosignature may lie in the future, because clocks differ."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log, trusted for trees from ``first`` to ``last`` entries; None is without end."""

    key: VerifierKey
    first: int = 0
    last: int | None = None

    def covers(self, size: int) -> bool:
        """Return whether the key signs trees of ``size`` entries."""
        return self.first <= size and (self.last is None or size <= self.last)


@dataclass(frozen=True, slots=True)
class Group:
    """At least ``needed`` of ``members``, each the name of a witness or of an earlier group."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """A policy: keys of logs, witnesses by the name the policy gives them, groups, and the quorum's name."""

    logs: tuple[LogKey, ...]
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NO_QUORUM

    @classmethod
    def of_keys(cls, vkeys: Iterable[str]) -> "Trust":
        """Return the policy that believes these verifier keys, at every size and without witnesses.

        Raises:
            NoteError: one is no verifier key, or one of a witness only.
        """
        return cls(tuple(LogKey(parse_log_key(vkey)) for vkey in vkeys))

    def check(self, data: bytes, *, now: int, whole: bool = True) -> Checkpoint:
        """Return the checkpoint in a signed note, once the note is signed by whom this policy believes.

        Args:
            data: the note.
            now: seconds since 1970; cosignatures from the future do not count.
            whole: False for receipts, which carry no ML-DSA-44 line: it is then checked only if it is there.

        Raises:
            NoteError: malformed, not signed as this policy asks, or with a wrong signature of a trusted key.
            CheckpointError: signed, but no checkpoint of that key's log.
        """
        parsed = parse_note(data)
        signed = self._signed(parsed)
        checkpoint = parse_checkpoint(parsed.text)
        if any(one.key.name != checkpoint.origin for one in signed):
            raise CheckpointError(f"The checkpoint is of another log, {checkpoint.origin}.")
        self._require_keys(signed, checkpoint, whole=whole)
        self._require_quorum(parsed, now)
        return checkpoint

    def _signed(self, parsed: Note) -> list[LogKey]:
        """Return the log's keys that signed; a wrong signature of any of them spoils the note."""
        found = [one for one in self.logs if _verified(parsed, one.key)]
        if not any(one.key.kind == ED25519 for one in found) and self._has(ED25519):
            raise NoteError(f"The note is not signed by the trusted key of {self._names()}.")
        return found

    def _require_keys(self, signed: Sequence[LogKey], checkpoint: Checkpoint, *, whole: bool) -> None:
        size = checkpoint.size
        trusted = [one for one in self.logs if one.covers(size) and one.key.name == checkpoint.origin]
        kinds = {one.key.kind for one in trusted}
        if not whole and ED25519 in kinds:
            kinds = {ED25519}
        for kind in sorted(kinds or {ED25519}):
            if not any(one.key.kind == kind for one in trusted if one in signed):
                raise NoteError(_absent(kind, size, [one for one in signed if one.key.kind == kind]))

    def _require_quorum(self, parsed: Note, now: int) -> None:
        if self.quorum == NO_QUORUM:
            return
        seen = {name for name, key in self.witnesses.items() if _cosigned(parsed, key, now)}
        for name, group in self.groups.items():  # members stand before their group
            if len(seen.intersection(group.members)) >= group.needed:
                seen.add(name)
        if self.quorum not in seen:
            count = len(seen & self.witnesses.keys())
            raise NoteError(f"The quorum {self.quorum} is not met: {count} trusted witnesses cosigned.")

    def _has(self, kind: bytes) -> bool:
        return any(one.key.kind == kind for one in self.logs)

    def _names(self) -> str:
        return ", ".join(sorted({one.key.name for one in self.logs})) or "any log"


def parse_log_key(vkey: str) -> VerifierKey:
    """Read the verifier key of a log: Ed25519 (0x01) or ML-DSA-44 (0x06).

    Raises:
        NoteError: neither.
    """
    key = note.parse_any_vkey(vkey)
    if key.kind not in {ED25519, ML_DSA_44_COSIGNATURE}:
        raise NoteError("A log signs with Ed25519 (0x01) or ML-DSA-44 (0x06).")
    return key


def _lines_of(parsed: Note, key: VerifierKey) -> list[Signature]:
    return [one for one in parsed.signatures if (one.name, one.key_id) == (key.name, key.key_id)]


def _verified(parsed: Note, key: VerifierKey) -> bool:
    """Return whether ``key`` signed.

    Raises:
        NoteError: a line says so, but its signature is wrong.
    """
    lines = _lines_of(parsed, key)
    for one in lines:
        if key.kind == ED25519:
            note.verify_signature(one, key, parsed.text)
        else:
            verify_cosignature(one, key, parsed.text)
    return bool(lines)


def _cosigned(parsed: Note, key: VerifierKey, now: int) -> bool:
    times = [verify_cosignature(one, key, parsed.text) for one in _lines_of(parsed, key)]
    return any(0 < time <= now + CLOCK_TOLERANCE for time in times)


def _absent(kind: bytes, size: int, signed: Sequence[LogKey]) -> str:
    if not signed:
        what = "an ML-DSA-44" if kind == ML_DSA_44_COSIGNATURE else "an Ed25519"
        return f"The note lacks {what} signature of a trusted key of its log."
    ranges = " and ".join(describe_range(one) for one in signed)
    return f"The note over {size} entries is signed only by a key that is trusted for {ranges}."


def describe_range(one: LogKey) -> str:
    """Return the range of a key as a policy file writes it."""
    return f"sizes from {one.first}" if one.last is None else f"sizes {one.first} to {one.last}"
