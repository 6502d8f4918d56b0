"""Policy files as C2SP tlog-policy writes them, with our ranges in comments."""

import pytest

from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.policy_file import format_policy, is_policy, parse_policy
from audit.checkpoints.trust import Group, LogKey, Trust
from audit.errors import NoteError
from tests.audit.trust.notes import log_key, quantum_key, witness_key

A, B, Q = log_key(1).vkey, log_key(2).vkey, quantum_key(1).vkey
W1, W2, W3 = (witness_key(number).vkey for number in (1, 2, 3))
TEXT = f"""\
# Anything may stand here.
# sizes 0 to 10
log {A}
# sizes from 11
log {B} https://log.example/
\tlog {Q}

witness  w1 {W1} https://w1.example/
witness w2 {W2}
witness w3 {W3}
group some 2 w1 w2 w3
quorum some
"""
TRUST = Trust(
    (LogKey(parse_any_vkey(A), 0, 10), LogKey(parse_any_vkey(B), 11), LogKey(parse_any_vkey(Q))),
    {name: parse_any_vkey(vkey) for name, vkey in (("w1", W1), ("w2", W2), ("w3", W3))},
    {"some": Group(2, ("w1", "w2", "w3"))},
    "some",
)


def test_a_policy_is_read_and_written() -> None:
    assert parse_policy(TEXT) == TRUST
    assert parse_policy(format_policy(TRUST)) == TRUST


def test_a_policy_without_witnesses_says_so() -> None:
    text = format_policy(Trust.of_keys([A]))
    assert text == f"log {A}\nquorum none\n"
    assert is_policy(text)
    assert not is_policy(f"{A}\n{Q}\n")


@pytest.mark.parametrize(("words", "needed"), [("any", 1), ("all", 3), ("3", 3)])
def test_a_group_says_how_many(words: str, needed: int) -> None:
    assert parse_policy(TEXT.replace("some 2", f"some {words}")).groups["some"].needed == needed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no quorum"),
        (f"log {A}\n", "no quorum"),
        ("quorum none\nquorum none\n", "Line 2"),
        ("quorum some\n", "Line 1.*no witness or group some"),
        (f"log {A}\nlog {A}\nquorum none\n", "Line 2.*twice"),
        (f"log {W1}\nquorum none\n", "Line 1.*signs with"),
        (f"witness w {A}\nquorum w\n", "Line 1.*cosigns"),
        (f"witness none {W1}\nquorum none\n", "taken"),
        (f"witness w {W1}\nwitness w {W2}\nquorum w\n", "taken"),
        (f"witness w {W1}\nwitness v {W1}\nquorum w\n", "twice"),
        (TEXT.replace("some 2", "some 4"), "number of its members"),
        (TEXT.replace("some 2", "some 0"), "number of its members"),
        (TEXT.replace("w2 w3\n", "w2 w2\n"), "member"),
        (TEXT.replace("w2 w3\n", "w2 none\n"), "member"),
        (TEXT.replace("sizes from 11", "sizes after 11"), "Line 4.*a range"),
        ("frob\nquorum none\n", "Line 1"),
        ("log nonsense\nquorum none\n", "Line 1"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(NoteError, match=words):
        parse_policy(text)
