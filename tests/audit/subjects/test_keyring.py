from uuid import uuid4

import pytest

from audit.errors import UnknownSubjectError, UnwrapError
from audit.subjects.keyring import MemoryKeyRing, SubjectKey, new_key, unwrap, wrap

KEK = bytes(range(32))


@pytest.mark.parametrize("subject", [uuid4(), None])
def test_a_wrapped_key_comes_back(subject: object) -> None:
    key = new_key(subject)  # type: ignore[arg-type]
    assert unwrap(KEK, key.key_id, key.subject, wrap(KEK, key)) == key


def test_a_wrapped_key_opens_only_as_itself() -> None:
    key, other = new_key(uuid4()), uuid4()
    wrapped = wrap(KEK, key)
    attempts = [
        (b"\x09" * 32, key.key_id, key.subject, wrapped),
        (KEK, other, key.subject, wrapped),
        (KEK, key.key_id, other, wrapped),
        (KEK, key.key_id, None, wrapped),
        (KEK, key.key_id, key.subject, wrapped[:-1]),
        (KEK, key.key_id, key.subject, b""),
    ]
    for attempt in attempts:
        with pytest.raises(UnwrapError):
            unwrap(*attempt)


def test_the_secret_is_never_shown() -> None:
    key = SubjectKey(key_id=uuid4(), subject=None, secret=b"s" * 32)
    assert "sss" not in repr(key)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SubjectKey(key_id=uuid4(), subject=None, secret=b"short")


def test_the_ring_knows_who_it_was_told_of() -> None:
    subject = uuid4()
    installation, personal = new_key(None), new_key(subject)
    ring = MemoryKeyRing([installation])
    assert ring.key_for(None) is installation
    with pytest.raises(UnknownSubjectError, match=str(subject)):
        ring.key_for(subject)
    ring.add(personal)
    assert ring.key_for(subject) is personal
    ring.forget(subject)
    with pytest.raises(UnknownSubjectError):
        ring.key_for(subject)
