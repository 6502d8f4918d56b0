"""Reads and writes policy files (https://c2sp.org/tlog-policy), with the ranges of our keys in comments."""

import re
from collections.abc import Mapping
from typing import Final

from audit.checkpoints import note
from audit.checkpoints.note import ED25519, VerifierKey
from audit.checkpoints.trust import NO_QUORUM, Group, LogKey, Trust, describe_range, parse_log_key
from audit.errors import NoteError

_RANGE: Final = re.compile(r"# *sizes +(?:from +([0-9]+)|([0-9]+) +to +([0-9]+))", re.ASCII)
_NEEDED: Final = re.compile(r"[1-9][0-9]*", re.ASCII)


def is_policy(text: str) -> bool:
    """Return whether a text is a policy file rather than a verifier key."""
    return any(line.split()[:1] == ["quorum"] for line in text.splitlines())


def parse_policy(text: str) -> Trust:
    """Read a policy file.

    Raises:
        NoteError: malformed; the sentence names the line.
    """
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        try:
            reading.read(line.strip(" \t"))
        except NoteError as error:
            raise NoteError(f"Line {number} of the policy: {error}") from None
    return reading.finish()


def format_policy(trust: Trust) -> str:
    """Write a policy file that ``parse_policy`` reads as ``trust``."""
    lines = []
    for one in trust.logs:
        lines += [f"# {describe_range(one)}"] if one.first or one.last is not None else []
        lines.append(f"log {_vkey(one.key)}")
    lines += [f"witness {name} {_vkey(key)}" for name, key in trust.witnesses.items()]
    lines += [f"group {name} {one.needed} {' '.join(one.members)}" for name, one in trust.groups.items()]
    return "\n".join([*lines, f"quorum {trust.quorum}", ""])


def _vkey(key: VerifierKey) -> str:
    return note.make_vkey(key.name, key.public, key.kind)


class _Reading:
    def __init__(self) -> None:
        self._logs: list[LogKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, Group] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None
        self._range: tuple[int, int | None] = (0, None)

    def read(self, line: str) -> None:
        if line.startswith("#"):
            self._read_comment(line)
            return
        words = re.split(r"[ \t]+", line)
        match words:
            case [""]:
                pass
            case ["log", vkey] | ["log", vkey, _]:
                self._add_log(vkey)
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._add_witness(name, vkey)
            case ["group", name, needed, *members] if members:
                self._add_group(name, needed, members)
            case ["quorum", name] if self._quorum is None:
                self._require_known(name)
                self._quorum = name
            case _:
                raise NoteError("it is neither a log, a witness, a group nor the one quorum.")

    def finish(self) -> Trust:
        if self._quorum is None:
            raise NoteError("The policy has no quorum line.")
        return Trust(tuple(self._logs), self._witnesses, self._groups, self._quorum)

    def _read_comment(self, line: str) -> None:
        found = _RANGE.fullmatch(line)
        if found:
            first, last = (found[1], None) if found[1] else (found[2], int(found[3]))
            self._range = (int(first), last)
        elif re.match(r"# *sizes\b", line):
            raise NoteError("a range is written `# sizes from 5` or `# sizes 1 to 4`.")

    def _add_log(self, vkey: str) -> None:
        key = parse_log_key(vkey)
        if any(one.key.public == key.public for one in self._logs):
            raise NoteError("this log's key is listed twice.")
        self._logs.append(LogKey(key, *self._range))
        self._range = (0, None)

    def _add_witness(self, name: str, vkey: str) -> None:
        self._require_new(name)
        key = note.parse_any_vkey(vkey)
        if key.kind == ED25519:
            raise NoteError("a witness cosigns with a key of kind 0x04 or 0x06.")
        if any(one.public == key.public for one in self._witnesses.values()):
            raise NoteError("this witness's key is listed twice.")
        self._witnesses[name] = key

    def _add_group(self, name: str, needed: str, members: list[str]) -> None:
        self._require_new(name)
        for member in members:
            if member == NO_QUORUM or member in self._members:
                raise NoteError(f"{member} cannot be a member, or is one already.")
            self._require_known(member)
            self._members.add(member)
        self._groups[name] = Group(_count(needed, len(members)), tuple(members))

    def _require_new(self, name: str) -> None:
        if name == NO_QUORUM or name in self._names():
            raise NoteError(f"the name {name} is taken.")

    def _require_known(self, name: str) -> None:
        if name != NO_QUORUM and name not in self._names():
            raise NoteError(f"there is no witness or group {name} above it.")

    def _names(self) -> Mapping[str, object]:
        return {**self._witnesses, **self._groups}


def _count(needed: str, members: int) -> int:
    if needed in {"all", "any"}:
        return members if needed == "all" else 1
    if _NEEDED.fullmatch(needed) is None or int(needed) > members:
        raise NoteError("a group needs `any`, `all`, or a number of its members.")
    return int(needed)
