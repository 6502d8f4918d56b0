"""Where a producer's spool lies: one lock file held for its life, and numbered files of frames."""

import fcntl
import os
from pathlib import Path

_LOCK = ".lock"
_SPOOL = ".spool"
_DAMAGED = ".damaged"


def lock_path(directory: Path, producer: str) -> Path:
    """Return the file whose lock the producer holds while it lives."""
    return directory / f"{producer}{_LOCK}"


def spool_path(directory: Path, producer: str, file: int) -> Path:
    """Return the producer's file of frames with number ``file``, counted from 0."""
    return directory / f"{producer}.{file:06d}{_SPOOL}"


def mark_damaged(directory: Path, producer: str) -> None:
    """Tell a producer that lives that its spool is damaged: nobody reads what it would write behind that."""
    (directory / f"{producer}{_DAMAGED}").touch(mode=0o600)


def is_damaged(directory: Path, producer: str) -> bool:
    """Return whether the worker marked the producer's spool."""
    return (directory / f"{producer}{_DAMAGED}").exists()


def list_producers(directory: Path) -> list[str]:
    """Return the producers that have a spool in ``directory``, oldest first by name."""
    return sorted(path.name.removesuffix(_LOCK) for path in directory.glob(f"*{_LOCK}"))


def take_lock(directory: Path, producer: str) -> int:
    """Create the producer's lock file, locked from its first moment, and return its descriptor.

    The file is locked before it gets its name: the worker never sees a live producer without its lock.
    """
    path = lock_path(directory, producer)
    unnamed = path.with_suffix(".new")
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unnamed.rename(path)
    sync_directory(directory)
    return descriptor


def producer_is_gone(path: Path) -> bool:
    """Return whether the process that holds the lock file ``path`` has ended, however it ended."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def create_spool_file(directory: Path, producer: str, file: int) -> int:
    """Create the producer's next file of frames, durable in its directory, and return its descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(spool_path(directory, producer, file), flags, 0o600)
    sync_directory(directory)
    return descriptor


def sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
