"""A disk of a few hundred kilobytes, to be filled: a tmpfs, which only an administrator can mount."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.real import cache
from tests.real.server import Part


class SmallDisk(Part):
    """Mounts and unmounts."""

    name: ClassVar[str] = "small-disk"

    def fetch(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            if not _mounted(Path(folder), "size=64k"):
                raise cache.MissingPartError("no tmpfs can be mounted here: run as an administrator")
            _unmount(Path(folder))

    @contextmanager
    def at(self, folder: Path, options: str) -> Iterator[Path]:
        """Mount a disk with these options, such as `size=256k`, at a new folder; gone in the end."""
        folder.mkdir(parents=True, exist_ok=True)
        if not _mounted(folder, options):
            raise cache.MissingPartError("no tmpfs can be mounted here: run as an administrator")
        try:
            yield folder
        finally:
            _unmount(folder)


def remount(folder: Path, option: str) -> None:
    """Change a mounted disk, to `ro` or `rw`."""
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> Path:
    """Leave no byte free; return the file that took them."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def _mounted(folder: Path, options: str) -> bool:
    if os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
