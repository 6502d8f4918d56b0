"""The common form of record bytes, as expressions that match nothing but what the slow readers accept.

What matches here is canonical and has every field in its right form, so nobody needs to parse it, check it
and write it again: its pieces are put together as they stand. What does not match is not wrong for that (a
name may hold any letter): it takes the way through audit.record and audit.fold, which accept or refuse it.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from audit.body import MAX_PARTS
from audit.canonical import MAX_INT
from audit.errors import HeadError
from audit.head import parse_second

_ID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DIGEST: Final = "[0-9a-f]{64}"
_CODE: Final = r'"[ !#-\[\]-~]+"'
_CODES: Final = rf"{_CODE}(?:,{_CODE})*"
_OUTCOME: Final = "success|failure|denied|unknown"
_TIME: Final = r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z"

_HEAD: Final = (
    rf'(?P<start>\{{"action":"(?P<action>[a-z_]+(?:\.[a-z_]+){{1,2}})"(?:,"actor":"(?P<actor>{_ID})")?)'
    rf'(?P<middle>(?:,"decision":"(?P<decision>{_ID})")?(?:,"evaluation":"{_ID}")?'
    rf'(?:,"flags":\[{_CODES}\])?(?:,"grant":"(?P<grant>{_ID})")?,"id":"(?P<id>{_ID})")'
    rf',"outcome":"(?P<outcome>{_OUTCOME})"'
    rf'(?P<policy>(?:,"policy":"{_DIGEST}")?)'
    rf'(?P<reasons>(?:,"reasons":\[{_CODES}\])?)'
    rf'(?P<end>(?:,"request":"(?P<request>{_ID})")?'
    rf'(?:,"resource":\{{(?:"id":"(?P<resource_id>{_ID})",)?"type":"(?P<resource_type>[a-z_]+)"\}})?'
    rf',"retention":"(?P<retention>[a-z_]+)"(?:,"state":"{_DIGEST}")?,"time":"(?P<time>{_TIME})","v":1\}})'
)

HEAD: Final = re.compile(_HEAD, re.ASCII)
"""A record's head, which has no place yet."""
CODE: Final = re.compile(_CODE[1:-1], re.ASCII)
DIGEST: Final = re.compile(_DIGEST, re.ASCII)
WORD: Final = re.compile("[a-z_]+", re.ASCII)
"""Pieces of a head, without their quotes."""

LONGEST_PLACE: Final = len(f',"body":"{"0" * 64}","number":{MAX_INT},"producer":"{"x" * 64}"')
"""What a place adds to a head at most: every head must fit with it (audit.record says the same)."""

_PART: Final = (
    rf'\{{"commitment":"({_DIGEST})","key":"{_ID}","name":"[a-z_]++",'
    rf'"sealed":"([A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?)"(?:,"subject":"{_ID}")?+\}}'
)
_EACH_PART: Final = '{"commitment":"'

_TEXT: Final = HEAD.groups
_FIRST_COMMITMENT: Final = _TEXT + 1
_FIRST_SEALED: Final = _TEXT + 2

Groups = tuple[str, ...]
"""What an expression found, in its order; a group of a field that is absent is None."""


Parts = tuple[str, Groups]
"""Sealed parts as they stand, joined by commas, and the commitment of each in hex."""


def read_record(data: bytes) -> tuple[Groups, Parts] | None:
    """Return the groups of a record's head, and its parts; None when it is not in the common form.

    ``start``, ``middle``, ``policy``, ``reasons`` and ``end`` are what a placed head is put together from:
    ``body`` comes behind ``start``, ``number`` behind ``middle``, ``producer`` behind ``policy``.
    """
    found = _read(_record, data)
    if found is None or not _are_whole(found[_FIRST_SEALED::2]):
        return None
    return found[:_TEXT], (found[_TEXT], found[_FIRST_COMMITMENT::2])


def read_outcome(data: bytes) -> tuple[str, str, Parts] | None:
    """Return an outcome frame's word, codes and parts; None when it is not in the common form."""
    found = _read(_outcome, data)
    if found is None or not _are_whole(found[4:-1:2]) or read_time(found[0]) is None:
        return None
    return found[1], found[-1], (found[2], found[3:-1:2])


def join_parts(first: Parts, second: Parts) -> Parts:
    """Return all parts of both, in order."""
    if not first[0] or not second[0]:
        return first if first[0] else second
    return f"{first[0]},{second[0]}", first[1] + second[1]


def read_time(text: str) -> int | None:
    """Return the microseconds since 1970 of a time that matched its form; None when there is no such day."""
    try:
        return parse_second(text[:19]) * 1_000_000 + int(text[20:26])
    except HeadError:
        return None


def _read(form: Callable[[int], re.Pattern[str]], data: bytes) -> Groups | None:
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return None
    if (parts := text.count(_EACH_PART)) > MAX_PARTS:
        return None
    match = form(parts).fullmatch(text)
    return None if match is None else match.groups()


def _are_whole(contents: Groups) -> bool:
    """Return whether each is base64 of whole bytes; of which letters, the expression said."""
    for sealed in contents:  # noqa: SIM110 - all() and a generator take three times as long
        if len(sealed) % 4:
            return False
    return True


# One expression for each number of parts: the whole is then read in one go.
@lru_cache(maxsize=MAX_PARTS + 1)
def _record(parts: int) -> re.Pattern[str]:
    return re.compile(rf'\{{"head":{_HEAD},"parts":\[{_parts(parts)}\]\}}', re.ASCII)


@lru_cache(maxsize=MAX_PARTS + 1)
def _outcome(parts: int) -> re.Pattern[str]:
    return re.compile(
        rf'\{{"ended":"({_TIME})","outcome":"({_OUTCOME})","parts":\[{_parts(parts)}\]'
        rf',"reasons":\[((?:{_CODES})?)\]\}}',
        re.ASCII,
    )


def _parts(count: int) -> str:
    return f"({','.join([_PART] * count)})"
