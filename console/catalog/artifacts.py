"""Digests of artifacts that the console can read: a file, or a folder of files, below a cluster's folder."""

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from console.errors import InvalidInputError

PART: Final = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,99}")
LONGEST: Final = 255
MOST_FILES: Final = 10_000
PIECE: Final = 1024 * 1024

Mark = tuple[tuple[str, int, int, int, int], ...]


class UnreadableArtifactError(Exception):
    """There is no artifact at that place, or it is none that is read."""


@dataclass
class Artifacts:
    """The folders by cluster; a digest is computed anew once anything about the files has moved."""

    folders: Mapping[str, Path]
    _known: dict[Path, tuple[Mark, str]] = field(default_factory=dict)

    def digest(self, cluster: str, place: str) -> str:
        """Return SHA-256 (hex) of a file's bytes, or of a folder's listing in the form of `sha256sum`.

        Reads files: call it in a thread.

        Raises:
            UnreadableArtifactError: no folder is set for the cluster, or there is nothing to read there.
        """
        folder = self.folders.get(cluster)
        if folder is None:
            raise UnreadableArtifactError(f"No folder of artifacts is set for the cluster {cluster}.")
        path = folder.joinpath(*_parts(place))
        try:
            files = _files(folder, path)
            mark = tuple(_mark(path, file) for file in files)
            if (known := self._known.get(path)) and known[0] == mark:
                return known[1]
            found = _digest(path, files)
        except OSError:
            raise UnreadableArtifactError(f"{place} cannot be read.") from None
        self._known[path] = (mark, found)
        return found


def check_place(place: str) -> str:
    """Return `place` when it is a plain relative path.

    Raises:
        InvalidInputError: it could lead out of the folder.
    """
    try:
        return "/".join(_parts(place))
    except UnreadableArtifactError as error:
        raise InvalidInputError(str(error), ("invalid_artifact",), {"versions": str(error)}) from None


def _parts(place: str) -> list[str]:
    parts = place.split("/")
    if len(place) > LONGEST or not all(PART.fullmatch(part) for part in parts):
        raise UnreadableArtifactError("An artifact is named by a plain relative path below its folder.")
    return parts


def _files(folder: Path, path: Path) -> list[Path]:
    # No link on the way: who may write into the folder could point one at any file of ours.
    for step in (path, *path.parents):
        if step == folder:
            break
        if stat.S_ISLNK(step.lstat().st_mode):
            raise UnreadableArtifactError("A link is no artifact.")
    if path.is_file():
        return [path]
    found = sorted(one for one in path.rglob("*") if not one.is_dir() or one.is_symlink())
    plain = all(stat.S_ISREG(one.lstat().st_mode) for one in found)
    if not found or not plain or len(found) > MOST_FILES:
        raise UnreadableArtifactError("There is no artifact of plain files.")
    return found


def _mark(path: Path, file: Path) -> tuple[str, int, int, int, int]:
    # The time of the last change of the entry cannot be set back as that of its content can.
    found = file.stat()
    name = str(file.relative_to(path))
    return name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _digest(path: Path, files: list[Path]) -> str:
    if files == [path]:
        return _hash_file(path)
    lines = (f"{_hash_file(file)}  {file.relative_to(path).as_posix()}\n" for file in files)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _hash_file(file: Path) -> str:
    found = hashlib.sha256()
    opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(opened, "rb") as content:
        while piece := content.read(PIECE):
            found.update(piece)
    return found.hexdigest()
