"""What a process that will be killed says: it lies in a mapped file, which outlives it without a system call.

Lines on a pipe would be writes of their own, among those that are made to fail.
"""

import mmap
import os
from pathlib import Path
from typing import Self

ROOM = 1 << 20


class Told:
    """Lines of text in a file of fixed size, readable at any moment by another process."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._end = memory.find(b"\0")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map the file, made when it is not there."""
        if not path.exists():
            # It appears whole: another process may look while it is being made.
            made = path.with_name(f"{path.name}.{os.getpid()}")
            made.write_bytes(bytes(ROOM))
            made.replace(path)
        with path.open("r+b") as file:
            return cls(mmap.mmap(file.fileno(), ROOM))

    def tell(self, line: str) -> None:
        """Add a line."""
        data = f"{line}\n".encode()
        self._memory[self._end : self._end + len(data)] = data
        self._end += len(data)

    def lines(self, word: str) -> list[str]:
        """Return the rest of every whole line that begins with `word`."""
        text = self._memory[: self._memory.find(b"\0")].decode()
        whole = text[: text.rfind("\n") + 1].splitlines()
        return [line.partition(" ")[2] for line in whole if line.partition(" ")[0] == word]
