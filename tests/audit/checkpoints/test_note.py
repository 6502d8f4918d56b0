import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints.note import make_vkey, parse_note, parse_vkey, sign_note, verify_note
from audit.errors import NoteError

# The example of the specification, https://c2sp.org/signed-note
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x06" * 32)
VKEY = make_vkey("log.example/a", KEY.public_key().public_bytes_raw())
OTHER_VKEY = make_vkey("log.example/a", OTHER.public_key().public_bytes_raw())
TEXT = "one\n\ntwo ü\n"
NOTE = sign_note(TEXT, vkey=VKEY, sign=KEY.sign)


def last_line(note: bytes) -> bytes:
    return note[note.rindex(b"\n\n") + 2 :]


def test_the_specifications_example_verifies() -> None:
    assert verify_note(SPEC_NOTE, SPEC_VKEY) == "This is an example message.\n"
    assert make_vkey("example.com/foo", parse_vkey(SPEC_VKEY).public) == SPEC_VKEY


def test_a_note_verifies_under_its_key() -> None:
    assert verify_note(NOTE, VKEY) == TEXT


def test_unknown_signatures_are_ignored() -> None:
    other = last_line(sign_note(TEXT, vkey=OTHER_VKEY, sign=OTHER.sign))
    assert verify_note(NOTE + other, VKEY) == verify_note(NOTE + other, OTHER_VKEY) == TEXT


def test_a_note_of_another_key_is_refused() -> None:
    with pytest.raises(NoteError, match="not signed by the trusted key"):
        verify_note(NOTE, OTHER_VKEY)


def test_a_signature_of_another_key_under_our_id_is_refused() -> None:
    with pytest.raises(NoteError, match="does not belong"):
        verify_note(sign_note(TEXT, vkey=VKEY, sign=OTHER.sign), VKEY)
    with pytest.raises(NoteError, match="does not belong"):
        verify_note(NOTE + last_line(sign_note("three\n", vkey=VKEY, sign=KEY.sign)), VKEY)


def test_no_flipped_bit_verifies() -> None:
    for place in range(len(NOTE)):
        for bit in (0, 5, 7):
            altered = bytearray(NOTE)
            altered[place] ^= 1 << bit
            with pytest.raises(NoteError):
                verify_note(bytes(altered), VKEY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        b"text\n\nno dash\n",
        b"text\n\n" + "\u2014 name".encode() + b"\n",
        b"text\n\n" + "\u2014 name QUJDRA==".encode() + b"\n",
        b"text\n\n" + "\u2014 na+me QUJDREU=".encode() + b"\n",
        b"text\n\n" + "\u2014  QUJDREU=".encode() + b"\n",
        b"text\r\n\n" + "\u2014 name QUJDREU=".encode() + b"\n",
        b"text\n\n" + "\u2014 name QUJDREU=".encode(),
        b"text\n\n" + "\u2014 name QUJDREV=".encode() + b"\n",
        b"\xff\n\n" + "\u2014 name QUJDREU=".encode() + b"\n",
        b"text\n\n" + "\u2014 name QUJDREU=\n".encode() * 101,
    ],
)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        parse_note(data)


def test_sixteen_signatures_are_read() -> None:
    assert len(parse_note(b"text\n\n" + "\u2014 name QUJDREU=\n".encode() * 16).signatures) == 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        SPEC_VKEY[:-4],
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("530d903a", "530D903A"),
        SPEC_VKEY.replace("/foo", "/fop"),
        SPEC_VKEY.replace("/foo", " foo"),
        "n+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
    ],
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_vkey(text)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", ""])
def test_a_text_that_cannot_be_a_notes_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign_note(text, vkey=VKEY, sign=KEY.sign)
