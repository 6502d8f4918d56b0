"""The offline verifier: is an exported log, or one proof, what the log's key signed?

It needs the exported files and the pinned verifier keys: no console, no database, no network, and nothing
but the standard library and ``cryptography``. A log is read once, in order, one bundle and one tile at a
time.
"""

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Final

from audit.checkpoints import policy_file
from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.stamped import check_stamped
from audit.checkpoints.trust import Trust
from audit.errors import AuditError, NoteError, TileError, VerifierInputError
from audit.tree import merkle, proof, range_proof, tiles
from audit.tree.merkle import HASH_SIZE, Frontier
from audit.tree.tiles import TILE_HEIGHT, TILE_WIDTH
from audit.usual_heads import are_usual_heads

HEAD_VERSION: Final = 1
_MAX_HEAD: Final = 1024
_BEGINS: Final = b'{"action":"'
_ENDS: Final = b',"v":1}'


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all holds, the first bad index where one can be named, and a sentence for people."""

    ok: bool
    index: int | None
    sentence: str


class _Mismatch(Exception):  # noqa: N818 -- it is an answer, not an error
    def __init__(self, index: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.verdict = Verdict(ok=False, index=index, sentence=sentence)


def read_trust(arguments: Sequence[str]) -> Trust:
    """Return whom to believe: verifier keys, ``@file`` with one a line, or one ``@file`` with a policy.

    Raises:
        VerifierInputError: a file cannot be read, or there is neither a verifier key nor a policy in it.
    """
    try:
        texts = [Path(one[1:]).read_text("utf-8") if one.startswith("@") else one for one in arguments]
        if len(texts) == 1 and policy_file.is_policy(texts[0]):
            return policy_file.parse_policy(texts[0])
        return Trust.of_keys(line for text in texts for line in text.strip().split("\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise VerifierInputError(f"The key cannot be read: {error}.") from None
    except NoteError as error:
        raise VerifierInputError(f"The key is no verifier key: {error}") from None


def verify(path: Path | str, trust: Trust | str, *, strict: bool = False) -> Verdict:
    """Verify an exported log (a directory), a ``.tlog-proof`` or a range (files) under a policy or key.

    Of a whole log, a head that begins and ends as heads do is not read as JSON unless ``strict``: its hash is
    compared in any case, and only who held the log's key could have signed one whose middle is none.

    Raises:
        VerifierInputError: there is no such path, it cannot be read, or ``trust`` is no verifier key.
    """
    believed = read_trust([trust]) if isinstance(trust, str) else trust
    target = Path(path)
    if not target.exists():
        raise VerifierInputError(f"There is no {target}.")
    try:
        return _verify_log(target, believed, strict) if target.is_dir() else _verify_proof(target, believed)
    except _Mismatch as mismatch:
        return mismatch.verdict
    except OSError as error:
        raise VerifierInputError(f"The files cannot be read: {error}.") from None


def _verify_proof(path: Path, trust: Trust) -> Verdict:
    data = path.read_bytes()
    if range_proof.is_range(data):
        return _verify_range(data, trust)
    try:
        proven = proof.verify(data, trust, now=int(time.time()))
    except AuditError as error:
        raise _Mismatch(_claimed_index(data), str(error)) from None
    _check_head(proven.index, proven.entry)
    log = proven.checkpoint
    sentence = f"Entry {proven.index} is in the log {log.origin}, signed at {log.size} entries."
    return Verdict(ok=True, index=proven.index, sentence=sentence)


def _verify_range(data: bytes, trust: Trust) -> Verdict:
    try:
        found, signed = range_proof.verify_range(data, trust, now=int(time.time()))
    except AuditError as error:
        raise _Mismatch(None, str(error)) from None
    shown = range_proof.heads(found)
    for index, entry in shown:
        _check_head(index, entry)
    sentence = (
        f"The entries {found.first} to {found.last} of the log {signed.origin} are all there, "
        f"{len(shown)} of {len(found.places)} shown, signed at {signed.size} entries."
    )
    return Verdict(ok=True, index=None, sentence=sentence)


def _claimed_index(data: bytes) -> int | None:
    try:
        return proof.parse_proof(data).index
    except AuditError:
        return None


def _verify_log(directory: Path, trust: Trust, strict: bool) -> Verdict:  # noqa: FBT001 - passed on
    checkpoint = _read_checkpoint(directory, trust)
    walk = _Walk(directory, checkpoint, strict=strict)
    for index in range(-(-checkpoint.size // TILE_WIDTH)):
        walk.check_bundle(index)
    walk.finish()
    try:
        stamped = check_stamped(directory, trust, checkpoint)
    except AuditError as error:
        raise _Mismatch(None, f"The stamped checkpoint does not hold: {error}") from None
    sentence = f"All {checkpoint.size} entries of {checkpoint.origin} are present and as they were signed."
    if stamped is not None:
        sentence += f" The first {stamped.size} are stamped: ask openssl by when (timestamp/)."
    return Verdict(ok=True, index=None, sentence=sentence)


def _read_checkpoint(directory: Path, trust: Trust) -> Checkpoint:
    try:
        return trust.check((directory / "checkpoint").read_bytes(), now=int(time.time()))
    except FileNotFoundError:
        raise _Mismatch(None, "The checkpoint is missing.") from None
    except AuditError as error:
        raise _Mismatch(None, f"The checkpoint does not hold: {error}") from None


class _Walk:
    """One pass over a log: recomputes every hash and compares it with the stored tiles, level by level."""

    def __init__(self, directory: Path, checkpoint: Checkpoint, *, strict: bool) -> None:
        self._directory, self._checkpoint, self._strict = directory, checkpoint, strict
        self._frontier = Frontier()
        self._above: list[list[bytes]] = []  # per level from 1: hashes of the tile being filled
        self._done: list[int] = []  # per level from 1: full tiles compared

    def check_bundle(self, index: int) -> None:
        """Compare one bundle of entries with its level 0 tile."""
        start, width = index * TILE_WIDTH, tiles.tile_width(0, index, self._checkpoint.size)
        entries, complaint = self._entries(index, width)
        leaves = merkle.leaf_hashes(entries)
        self._compare(0, index, width, leaves)
        if complaint:
            raise _Mismatch(start + min(len(entries), width - 1), complaint)
        _check_heads(start, entries, strict=self._strict)
        completed = self._frontier.extend(leaves)
        if width == TILE_WIDTH:
            self._add(1, *completed[TILE_HEIGHT])

    def finish(self) -> None:
        """Compare the partial tiles and the root."""
        for level, hashes in enumerate(self._above, 1):
            if hashes:
                self._compare(level, self._done[level - 1], len(hashes), hashes)
        if self._frontier.root() != self._checkpoint.root:
            raise _Mismatch(None, "Entries and tiles agree with each other, but not with the signed root.")

    def _add(self, level: int, node: bytes) -> None:
        if len(self._above) < level:
            self._above.append([])
            self._done.append(0)
        hashes = self._above[level - 1]
        hashes.append(node)
        if len(hashes) == TILE_WIDTH:
            self._compare(level, self._done[level - 1], TILE_WIDTH, hashes)
            self._add(level + 1, merkle.root(hashes))
            self._done[level - 1] += 1
            hashes.clear()

    def _entries(self, index: int, width: int) -> tuple[list[bytes], str | None]:
        """Read a bundle as far as it goes, and say what is wrong with its form, if anything."""
        data, name = self._read(tiles.bundle_path(index), tiles.bundle_path(index, width), index * TILE_WIDTH)
        entries, end = tiles.cut_bundle(data, width)
        try:
            more = next(tiles.iterate_bundle(data[end:]), None) is not None
        except TileError:
            return entries, f"{name} ends inside an entry."
        if len(entries) < width:
            return entries, f"{name} has {len(entries)} entries instead of {width}."
        surplus = more and name == tiles.bundle_path(index, width)
        return entries, f"{name} has more than {width} entries." if surplus else None

    def _compare(self, level: int, index: int, width: int, hashes: list[bytes]) -> None:
        """Compare recomputed hashes with a stored tile of ``width`` hashes."""
        span = TILE_WIDTH**level
        start = index * TILE_WIDTH * span
        stored, name = self._read(tiles.tile_path(level, index), tiles.tile_path(level, index, width), start)
        same = stored.startswith(b"".join(hashes))
        for place, expected in enumerate(() if same else hashes):
            if stored[place * HASH_SIZE : (place + 1) * HASH_SIZE] != expected:
                raise _Mismatch(start + place * span, _disagreement(start + place * span, span, name))
        if len(stored) != (width if name.endswith(f".p/{width}") else TILE_WIDTH) * HASH_SIZE:
            raise _Mismatch(start + (width - 1) * span, f"{name} has {len(stored)} bytes, the wrong number.")

    def _read(self, full: str, path: str, start: int) -> tuple[bytes, str]:
        """Read a tile or bundle; a full one may stand for the partial one it has replaced."""
        for name in (path, full):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return (self._directory / name).read_bytes(), name
        raise _Mismatch(start, f"{path} is missing.")


def _disagreement(first: int, span: int, name: str) -> str:
    if span == 1:
        return f"Entry {first} does not match its leaf hash in {name}."
    return f"Entries {first} to {first + span - 1} do not match their hash in {name}."


def _check_heads(start: int, entries: Sequence[bytes], *, strict: bool) -> None:
    as_they_should_be = are_usual_heads if strict else _begin_and_end_as_heads
    if not as_they_should_be(entries, _MAX_HEAD):
        for index, entry in enumerate(entries, start):
            _check_head(index, entry)


def _begin_and_end_as_heads(entries: Sequence[bytes], longest: int) -> bool:
    return (
        max(map(len, entries), default=0) <= longest
        and all(map(bytes.startswith, entries, repeat(_BEGINS)))
        and all(map(bytes.endswith, entries, repeat(_ENDS)))
    )


def _check_head(index: int, entry: bytes) -> None:
    # Read here and not by audit.head, which needs more than the standard library.
    try:
        head = json.loads(entry, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise _Mismatch(index, f"Entry {index} is in the log but is not JSON with unique keys.") from None
    version = head.get("v") if isinstance(head, dict) else None
    if type(version) is not int or version != HEAD_VERSION or len(entry) > _MAX_HEAD:
        raise _Mismatch(index, f"Entry {index} is in the log but is no head of version {HEAD_VERSION}.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields
