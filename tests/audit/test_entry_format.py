"""The golden vectors of docs/reference/entry-format.md, read with the code and without it."""

import hashlib
import json
from pathlib import Path
from uuid import UUID

import pytest

from audit.body import check_parts, decode_parts, open_part
from audit.head import Head
from audit.record import Record, compose
from audit.subjects.keyring import MemoryKeyRing, unwrap
from audit.tree import merkle, tiles
from audit.verify import verify
from tests.golden.make_entries import FOLDER, PRODUCER, make

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((FOLDER / "vectors.json").read_bytes())
NUMBERS = range(len(VECTORS["contents"]))
VKEY = (FOLDER / "log/vkey").read_text().strip()


def test_the_script_makes_the_same_bytes_again() -> None:
    stored = {
        str(path.relative_to(FOLDER)): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()
    }
    assert make() == stored


@pytest.mark.parametrize("number", NUMBERS)
def test_records_become_the_stored_heads_and_bodies(number: int) -> None:
    record = Record.from_bytes((FOLDER / f"{number}.record").read_bytes())
    head, body = compose(record, producer=PRODUCER, number=number)
    assert head == (FOLDER / f"{number}.head").read_bytes()
    assert body == (FOLDER / f"{number}.body").read_bytes()


@pytest.mark.parametrize("number", NUMBERS)
def test_parts_open_with_the_unwrapped_keys(number: int) -> None:
    keys = MemoryKeyRing(
        unwrap(
            bytes.fromhex(VECTORS["kek"]),
            UUID(key["key"]),
            UUID(key["subject"]) if key["subject"] else None,
            bytes.fromhex(key["wrapped"]),
        )
        for key in VECTORS["keys"]
    )
    parts = decode_parts((FOLDER / f"{number}.body").read_bytes())
    check_parts(parts, Head.parse((FOLDER / f"{number}.head").read_bytes()).body)
    opened = {part.name: open_part(part, keys.key_for(part.subject)) for part in parts}
    assert opened == VECTORS["contents"][number]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_digest_can_be_checked_by_hand(number: int) -> None:
    head = json.loads((FOLDER / f"{number}.head").read_bytes())
    parts = json.loads((FOLDER / f"{number}.body").read_bytes())
    commitments = b"".join(bytes.fromhex(part["commitment"]) for part in parts)
    assert head.get("body") == (hashlib.sha256(commitments).hexdigest() if parts else None)


def test_the_tree_is_the_vectors() -> None:
    entries = tiles.decode_bundle((FOLDER / "log/tile/entries/000.p/5").read_bytes())
    assert entries == [(FOLDER / f"{number}.head").read_bytes() for number in NUMBERS]
    assert [merkle.leaf_hash(entry).hex() for entry in entries] == VECTORS["leaf_hashes"]
    assert merkle.root(map(merkle.leaf_hash, entries)).hex() == VECTORS["root"]


def test_the_verifier_accepts_the_vectors() -> None:
    assert verify(FOLDER / "log", VKEY).ok
    assert verify(FOLDER / "3.tlog-proof", VKEY).index == 3


def test_the_document_names_every_head_field() -> None:
    text = (ROOT / "docs/reference/entry-format.md").read_text("utf-8")
    for name in ("v", *Head.__dataclass_fields__):
        assert f"\n| `{name}` |" in text, name
