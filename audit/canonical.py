"""Canonical JSON: RFC 8785 (JCS) over a restricted profile, where sorted orjson writes the same bytes.

The profile: keys match ``[a-z0-9_.:-]+``; integers with ``|n| <= 2**53 - 1``; strings of Unicode scalars (no
lone surrogates); booleans, null, lists and maps; at most 64 levels deep. No floats. Outside it the two
writers differ, so everything else is refused. Who verifies hashes stored bytes and never encodes again.
"""

import re
from collections.abc import Iterable
from typing import Final

import orjson

from audit.errors import CanonicalError

MAX_INT: Final = 2**53 - 1
MAX_DEPTH: Final = 64
_KEY: Final = re.compile(r"[a-z0-9_.:-]+")
# Keys are few and come again and again: each is looked at once.
_KEYS_SEEN: Final = set[str]()
_MOST_KEYS_SEEN: Final = 1_024


def encode(value: object) -> bytes:
    """Write ``value`` as canonical JSON.

    Raises:
        CanonicalError: the value is outside the profile; the sentence says where.
    """
    if not _are_plain((value,), 0):
        _check(value, "$", 0)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def write_known(value: object) -> bytes:
    """Write a value of a form that ``encode`` has taken before, without checking it again.

    For comparing with what ``encode`` wrote; what is kept goes through ``encode``.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def decode(data: bytes) -> object:
    """Read canonical JSON, refusing every other spelling of the same value (duplicate keys, spaces, escapes).

    Raises:
        CanonicalError: not JSON, outside the profile, or not the canonical spelling.
    """
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise CanonicalError(f"The text is not JSON: {error.msg}.") from None
    if encode(value) != data:
        raise CanonicalError("The text is JSON but not in canonical form, or has a key twice.")
    return value


def decode_map(data: bytes) -> dict[str, object]:
    """Read a canonical JSON object.

    Raises:
        CanonicalError: as ``decode``, or the value is no object.
    """
    value = decode(data)
    if not isinstance(value, dict):
        raise CanonicalError("The text is canonical JSON but not an object.")
    return value


def _are_plain(values: Iterable[object], depth: int) -> bool:
    """Return whether all that is in ``values`` is of the everyday kind that needs no closer look."""
    for value in values:
        if type(value) is str:
            plain = value.isascii()
        elif type(value) is int:
            plain = -MAX_INT <= value <= MAX_INT
        elif type(value) is dict:
            known = _KEYS_SEEN.issuperset(value) or all(map(_is_key, value))
            plain = known and depth < MAX_DEPTH and _are_plain(value.values(), depth + 1)
        elif type(value) is list or type(value) is tuple:
            plain = depth < MAX_DEPTH and _are_plain(value, depth + 1)
        else:
            plain = value is None or type(value) is bool
        if not plain:
            return False
    return True


def _is_key(key: object) -> bool:
    if type(key) is not str or _KEY.fullmatch(key) is None:
        return False
    if len(_KEYS_SEEN) < _MOST_KEYS_SEEN:
        _KEYS_SEEN.add(key)
    return True


def _check(value: object, path: str, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if not -MAX_INT <= value <= MAX_INT:
            raise CanonicalError(f"The integer at {path} is beyond 2^53 - 1.")
    elif isinstance(value, (dict, list, tuple)):
        if depth == MAX_DEPTH:
            raise CanonicalError(f"The value at {path} is nested too deeply.")
        _check_children(value, path, depth + 1)
    elif value is not None:
        raise CanonicalError(f"The value at {path} is a {type(value).__name__}, which has no canonical form.")


def _check_children(
    value: dict[object, object] | list[object] | tuple[object, ...], path: str, depth: int
) -> None:
    if isinstance(value, dict):
        for key, child in value.items():
            if not isinstance(key, str) or _KEY.fullmatch(key) is None:
                raise CanonicalError(f"A key at {path} does not match [a-z0-9_.:-]+.")
            _check(child, f"{path}.{key}", depth)
    else:
        for place, child in enumerate(value):
            _check(child, f"{path}[{place}]", depth)


def _check_text(value: str, path: str) -> None:
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        raise CanonicalError(f"The string at {path} holds a lone surrogate.") from None
