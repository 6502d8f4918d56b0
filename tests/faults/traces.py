"""Looks for words in every byte of files, however they may be written."""

import base64
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

PADDING = 3
CUT = {0: 0, 1: 3, 2: 2}
"""How many characters at the end of base64 depend on what follows, by what is left over of three bytes."""


def find_traces(words: Iterable[str], places: Iterable[Path]) -> list[tuple[str, str]]:
    """Return each file in or below ``places`` that holds a word, with the word, in any spelling."""
    spelled = {word: (list(folded(word)), list(exact(word))) for word in words}
    found = []
    for path, content in files(places):
        low = content.lower()
        for word, (without_case, with_case) in spelled.items():
            if any(one in low for one in without_case) or any(one in content for one in with_case):
                found.append((str(path), word))
    return found


def files(places: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield every file in or below ``places`` and its bytes; one that goes away meanwhile holds nothing."""
    for place in places:
        assert place.exists(), place
        for path in (one for one in (place, *walk(place)) if one.is_file()):
            with suppress(FileNotFoundError):
                yield path, path.read_bytes()


def walk(folder: Path) -> Iterator[Path]:
    """Yield what lies below ``folder``, if it is one; unlike ``rglob`` this bears one that goes away."""
    for parent, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(parent, name) for name in names)


def refuse(error: OSError) -> None:
    """Let no folder be passed over that is there and cannot be read."""
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def folded(word: str) -> Iterator[bytes]:
    """Yield the spellings that are sought without regard to case of ASCII letters."""
    raw = word.encode()
    texts = (word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1], quote(word))
    plain = [raw, *(text.encode() for text in texts)]
    wide = [word.encode(form) for form in ("utf-16-le", "utf-16-be", "utf-32-le", "latin-1")]
    yield from {one.lower() for one in (*plain, *wide, raw.hex().encode())}


def exact(word: str) -> Iterator[bytes]:
    """Yield the base64 of the word wherever in three bytes it begins, without what its neighbours decide."""
    raw = word.encode()
    for before in range(PADDING):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(before) + raw)
            begin = (before * 4 + 2) // PADDING
            yield text[begin : len(text) - CUT[(before + len(raw)) % PADDING]]
