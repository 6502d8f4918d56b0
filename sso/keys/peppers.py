"""The secrets that digests of keys are made under: numbered files beside the database, never in it.

A further `pepper-N.key` in the folder is what the next key's digest is made under; the files before it stay
until no key of theirs is left. A copy of the database alone lets nobody try secrets.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"pepper-([1-9][0-9]{0,5})\.key")

Load = Callable[[Path], bytes]
"""Returns the 32 bytes of a key file, made when it is absent."""


class Peppers:
    """The peppers of a folder, read when first needed."""

    def __init__(self, folder: Path, load: Load) -> None:
        """Read key files of `folder` by `load`."""
        self._folder, self._load = folder, load
        self._known: dict[int, bytes] = {}

    def newest(self) -> int:
        """Return the number of the pepper for new secrets; the first is made when there is none."""
        numbers = [int(found[1]) for path in self._folder.glob("pepper-*.key") if (found := _number(path))]
        number = max(numbers, default=1)
        self._known.setdefault(number, self._load(self._path(number)))
        return number

    def digest(self, number: int, secret: str) -> str:
        """Return the HMAC-SHA256 of a secret; under a pepper that is gone, one that nothing equals."""
        pepper = self._find(number)
        made = hmac.new(pepper or b"gone", secret.encode(), hashlib.sha256).hexdigest()
        return made if pepper else ""

    def _find(self, number: int) -> bytes | None:
        if number not in self._known and self._path(number).exists():
            self._known[number] = self._load(self._path(number))
        return self._known.get(number)

    def _path(self, number: int) -> Path:
        return self._folder / f"pepper-{number}.key"


def _number(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(path.name)
