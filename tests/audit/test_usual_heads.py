import json

import pytest

from audit.canonical import encode
from audit.usual_heads import are_usual_heads
from tests.audit.test_head import FULL, SMALL

HEADS = [FULL.to_bytes(), SMALL.to_bytes()]


def test_heads_are_common() -> None:
    assert are_usual_heads(HEADS * 200, 1024)
    several = {**FULL.to_dict(), "reasons": ["a", "b c"], "flags": ["d", "e", "f"]}
    assert are_usual_heads([encode(several)], 1024)


@pytest.mark.parametrize(
    "change",
    [
        (b'"v":1}', b'"v":1,"v":1}'),
        (b'"v":1}', b'"v":2}'),
        (b'"v":1}', b'"v":true}'),
        (b'"v":1}', b'"v":1}\n'),
        (b'"v":1}', b'"x":1,"v":1}'),
        (b'"number":0', b'"number":00'),
        (b'"number":0', b'"number":-1'),
        (b'{"action"', b'{"action":"a.b","action"'),
        (b"audit.read", b"audit\\read"),
        (b"audit.read", b"audit\nread"),
        (b"audit.read", b"audit\x7fread"),
        (b"audit.read", b"audit\xffread"),
        (b"audit.read", "audit\u00e9read".encode()),
        (b"audit.read", b'audit"read'),
        (b"audit.read", b"audit" + b"x" * 900),
        (b"}", b""),
    ],
)
def test_what_could_be_anything_else_is_looked_at_closer(change: tuple[bytes, bytes]) -> None:
    odd = FULL.to_bytes().replace(*change, 1)
    assert odd not in HEADS
    for entries in ([odd], [*HEADS, odd], [odd, *HEADS]):
        assert not are_usual_heads(entries, 1024)


def test_nothing_is_no_head() -> None:
    assert not are_usual_heads([], 1024)
    assert not are_usual_heads([b""], 1024)


def test_what_is_taken_for_a_head_is_json_with_unique_keys() -> None:
    for head in HEADS:
        pairs = json.loads(head, object_pairs_hook=list)
        assert are_usual_heads([head], 1024)
        assert len({name for name, _ in pairs}) == len(pairs)
