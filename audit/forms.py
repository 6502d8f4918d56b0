"""The common form of record bytes, as expressions that match nothing but what the slow readers accept.

What matches here is canonical and has every field in its right form, so nobody needs to parse it, check it
and write it again: its pieces are put together as they stand. What does not match is not wrong for that (a
name may hold any letter): it takes the way through audit.record and audit.fold, which accept or refuse it.
"""

import re
from typing import Final, NamedTuple

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

RECORD: Final = re.compile(rf'\{{"head":{_HEAD},"parts":\[', re.ASCII)
"""A record up to its parts. ``start``, ``middle``, ``policy``, ``reasons`` and ``end`` are what a placed head
is put together from: ``body`` comes behind ``start``, ``number`` behind ``middle``, ``producer`` behind
``policy``."""

OUTCOME: Final = re.compile(
    rf'\{{"ended":"(?P<ended>{_TIME})","outcome":"(?P<outcome>{_OUTCOME})","parts":\['
)
"""An outcome frame up to its parts."""

OUTCOME_END: Final = re.compile(rf'\],"reasons":\[(?P<codes>(?:{_CODES})?)\]\}}')
"""What comes behind an outcome's parts."""

RECORD_END: Final = "]}"

LONGEST_PLACE: Final = len(f',"body":"{"0" * 64}","number":{MAX_INT},"producer":"{"x" * 64}"')
"""What a place adds to a head at most: every head must fit with it (audit.record says the same)."""

_PART: Final = re.compile(
    rf'\{{"commitment":"({_DIGEST})","key":"{_ID}","name":"[a-z_]+",'
    rf'"sealed":"([A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?)"(?:,"subject":"{_ID}")?\}}',
    re.ASCII,
)


class Parts(NamedTuple):
    """Sealed parts as they stand, joined by commas.

    Attributes:
        commitments: each part's, in hex.
        end: where they ended in what was read.
    """

    text: str
    commitments: list[str]
    end: int


def join_parts(first: Parts, second: Parts) -> Parts:
    """Return all parts of both, in order."""
    text = f"{first.text},{second.text}" if first.text and second.text else first.text or second.text
    return Parts(text, first.commitments + second.commitments, second.end)


def read_parts(text: str, start: int) -> Parts | None:
    """Read the parts that begin at ``start``, perhaps none; None when they are not in the common form."""
    commitments: list[str] = []
    at = start
    while (part := _PART.match(text, at)) is not None:
        commitment, sealed = part.groups()
        if len(sealed) % 4:
            return None
        commitments.append(commitment)
        at = part.end()
        if text[at : at + 1] != ",":
            return Parts(text[start:at], commitments, at)
        at += 1
    return None if commitments else Parts("", [], start)


def read_time(text: str) -> int | None:
    """Return the microseconds since 1970 of a time that matched its form; None when there is no such day."""
    try:
        return parse_second(text[:19]) * 1_000_000 + int(text[20:26])
    except HeadError:
        return None
