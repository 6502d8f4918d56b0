"""The form of keys: scanners find each, and a typo is known by the checksum alone."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from sso.keys.form import PATTERN, KeyText, checksum, new_key_text, new_secret, read_key_text

BASE62 = string.digits + string.ascii_letters
KEYS = st.builds(
    KeyText, st.text(BASE62, min_size=10, max_size=10), st.text(BASE62, min_size=32, max_size=32)
)


@given(KEYS)
def test_the_published_pattern_finds_every_key_in_a_text(key: KeyText) -> None:
    assert re.findall(PATTERN, f'api_key = "{key.text}"\n') == [key.text]
    assert read_key_text(key.text) == key


@given(KEYS, st.data())
def test_one_wrong_character_is_no_key(key: KeyText, data: st.DataObject) -> None:
    place = data.draw(st.integers(13, len(key.text) - 1).filter(lambda at: key.text[at] != "_"))
    other = data.draw(st.sampled_from(BASE62).filter(lambda char: char != key.text[place]))
    assert read_key_text(key.text[:place] + other + key.text[place + 1 :]) is None


@given(st.text())
def test_any_other_text_is_no_key_and_breaks_nothing(text: str) -> None:
    assert read_key_text(text) is None


def test_a_key_has_190_bits_that_nobody_can_guess() -> None:
    made = {new_key_text().secret for _ in range(200)}
    assert len(made) == 200
    assert all(62 ** len(secret) > 2**190 for secret in made)


def test_another_secret_keeps_the_id() -> None:
    first = new_key_text()
    second = new_secret(first.id)
    assert (second.id, second.secret == first.secret) == (first.id, False)


def test_a_key_is_not_printed_by_accident() -> None:
    key = new_key_text()
    assert key.secret not in repr(key)
    assert key.text not in f"{key}"


def test_the_checksum_is_the_crc32_of_what_precedes_it_in_base62() -> None:
    assert checksum("") == "000000"
    assert checksum("123456789") == "3jZRME"  # CRC-32 0xCBF43926, the check value of its catalogue
