"""What is refused before it can reach the log, each by a sentence that names it."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from audit import canonical
from audit.errors import (
    AuditError,
    CanonicalError,
    DetailError,
    EntryTooLargeError,
    HeadError,
    RecordError,
    TileError,
)
from audit.event import Event, Part
from audit.events import Action
from audit.fold import CallOutcome
from audit.head import MAX_HEAD, Head
from audit.record import Record, compose, seal
from audit.spool.frame import MAX_RECORD_BYTES, Frame, FrameKind, encode_frame
from audit.subjects.keyring import MemoryKeyRing, new_key
from audit.tree import tiles

KEYS = MemoryKeyRing([new_key(None)])
ENTRY = 65_536


def an_act(content: Mapping[str, object], **fields: Any) -> Event:
    part = Part(name="team", subject=None, content=content)
    return Event(action=Action.TEAM_CREATE, actor=uuid4(), parts=(part,), **fields)


def the_head() -> bytes:
    return compose(seal(an_act({"name": "risk"}), time=5, keys=KEYS), producer="outbox", number=1)[0]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("\ud800", r"team\.create .*\$\.content\.name holds a lone surrogate"),
        ("a\udfffb", r"team\.create .*\$\.content\.name holds a lone surrogate"),
        ("\ud83c\udfdb", r"team\.create .*\$\.content\.name holds a lone surrogate"),
    ],
)
def test_a_lone_surrogate_is_refused_in_a_detail(name: str, why: str) -> None:
    with pytest.raises(DetailError, match=why):
        seal(an_act({"name": name}), time=5, keys=KEYS)


@pytest.mark.parametrize("field", ["reasons", "flags"])
def test_a_lone_surrogate_is_refused_in_a_code(field: str) -> None:
    with pytest.raises(DetailError, match=rf"team\.create .*\$\.{field}\[0\] holds a lone surrogate"):
        seal(an_act({}, **{field: ("\ud800",)}), time=5, keys=KEYS)


def test_letters_that_look_alike_are_kept_byte_for_byte() -> None:
    composed, decomposed = "Zo\u00eb", "Zoe\u0308"
    first, second = (seal(an_act({}, reasons=(name,)), time=5, keys=KEYS) for name in (composed, decomposed))
    heads = [compose(one, producer="outbox", number=1)[0] for one in (first, second)]
    assert composed.encode() in heads[0]
    assert decomposed.encode() in heads[1]
    assert [Head.parse(head).reasons for head in heads] == [(composed,), (decomposed,)]


@pytest.mark.parametrize(
    "twice",
    [
        (b'"number":1', b'"number":1,"number":1'),
        (b'"number":1', b'"number":2,"number":1'),
        (b'"v":1', b'"v":1,"v":1'),
    ],
)
def test_a_key_twice_is_refused_in_a_head(twice: tuple[bytes, bytes]) -> None:
    head = the_head()
    assert twice[0] in head
    with pytest.raises(HeadError, match="a key twice"):
        Head.parse(head.replace(*twice))


def test_a_key_twice_is_refused_in_a_record_and_an_outcome() -> None:
    record = seal(an_act({"name": "risk"}), time=5, keys=KEYS).to_bytes()
    with pytest.raises(RecordError, match="a key twice"):
        Record.from_bytes(record.replace(b'"parts":', b'"parts":[],"parts":'))
    with pytest.raises(RecordError):
        CallOutcome.from_bytes(b'{"ended":"","ended":"","outcome":"success","parts":[],"reasons":[]}')


@pytest.mark.parametrize("length", [MAX_HEAD, ENTRY - 1, ENTRY])
def test_a_head_that_is_too_long_names_the_field_to_shorten(length: int) -> None:
    with pytest.raises(EntryTooLargeError, match="shorten 'reasons'") as refused:
        seal(an_act({}, reasons=("r" * length,)), time=5, keys=KEYS)
    assert refused.value.field == "reasons"


@pytest.mark.parametrize("length", [MAX_HEAD + 1, ENTRY])
def test_stored_bytes_that_are_too_long_are_no_head(length: int) -> None:
    head = the_head()
    longer = head.replace(b'"outcome"', b'"flags":["%s"],"outcome"' % (b"f" * (length - len(head) - 13)))
    assert len(longer) == length
    with pytest.raises(HeadError, match=f"has {length} bytes, more than {MAX_HEAD}"):
        Head.parse(longer)


def test_an_entry_of_65536_bytes_fits_no_tile() -> None:
    assert tiles.encode_bundle([bytes(ENTRY - 1)])
    with pytest.raises(TileError):
        tiles.encode_bundle([bytes(ENTRY)])


def test_a_record_beyond_a_frame_is_refused_before_it_is_written() -> None:
    with pytest.raises(ValueError, match=f"{MAX_RECORD_BYTES + 1} bytes does not fit a frame"):
        encode_frame(Frame(FrameKind.ENTRY, 0, 0, bytes(MAX_RECORD_BYTES + 1)))


def test_every_refusal_at_the_door_is_one_error_of_the_log() -> None:
    assert issubclass(DetailError, AuditError)
    with pytest.raises(CanonicalError):
        canonical.encode({"a": float("nan")})
