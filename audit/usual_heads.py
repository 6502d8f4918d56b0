"""Which entries are surely heads of version 1, told for many at once without reading their JSON.

The expression takes the fields of a head in their order, each at most once, and ``"v":1`` at the end. So what
it takes is JSON whose keys are unique, as long as no text in it holds a backslash, a control character or a
byte above 126, which is looked for first. Only the standard library is used: the offline verifier reads it.
"""

import re
from collections.abc import Sequence
from typing import Final

_CODES: Final = r'\["[^"]*+"(?:,"[^"]*+")*+\]'
_HEAD: Final = (
    r'\{"action":"[^"]*+"(?:,"actor":"[^"]*+")?+(?:,"body":"[^"]*+")?+(?:,"decision":"[^"]*+")?+'
    rf'(?:,"evaluation":"[^"]*+")?+(?:,"flags":{_CODES})?+(?:,"grant":"[^"]*+")?+,"id":"[^"]*+"'
    r',"number":(?:0|[1-9][0-9]*+),"outcome":"[^"]*+"(?:,"policy":"[^"]*+")?+,"producer":"[^"]*+"'
    rf'(?:,"reasons":{_CODES})?+(?:,"request":"[^"]*+")?+'
    r'(?:,"resource":\{(?:"id":"[^"]*+",)?+"type":"[^"]*+"\})?+'
    r',"retention":"[^"]*+"(?:,"state":"[^"]*+")?+,"time":"[^"]*+","v":1\}'
)
_HEADS: Final = re.compile(rf"(?:{_HEAD}\n)++".encode())
_STRANGE: Final = bytes([*range(0x20), *range(0x7F, 0x100), ord("\\")])


def are_usual_heads(entries: Sequence[bytes], longest: int) -> bool:
    """Return whether every entry is a head of version 1 of at most ``longest`` bytes; False: look closer."""
    if not entries or max(map(len, entries)) > longest:
        return False
    plain = b"".join(entries)
    if len(plain.translate(None, _STRANGE)) != len(plain):
        return False
    return _HEADS.fullmatch(b"\n".join([*entries, b""])) is not None
