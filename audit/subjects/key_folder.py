"""The folder of the log's keys: the one that signs, the one before, and the one a rotation prepares.

``log.key`` signs; ``log.mldsa.key`` is its ML-DSA-44 companion. A rotation makes ``log.next…`` first, logs
the change, and renames last; whoever opens the folder later finishes what was interrupted, by what the log
says.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audit.checkpoints.checkpoint import FileSigner
from audit.checkpoints.cosignature import FileCosigner
from audit.checkpoints.key_history import KeyPeriod, fingerprint
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.signing import LogKeys
from audit.checkpoints.trust import LogKey, Trust
from audit.errors import KeyFileError
from audit.spool.files import sync_directory

_SIGNS: Final = ("log.key", "log.mldsa.key")
_NEXT: Final = ("log.next.key", "log.next.mldsa.key")
_FORMER: Final = ("log.former.key", "log.former.mldsa.key")
WRONG_KEY: Final = "The key in keys/log.key is not the one that signs this log now: restore that one."


class KeyFolder:
    """The keys of the log called ``origin``."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._origin = origin

    def begin(self) -> LogKeys:
        """Return the keys of a log that has not begun, made if there are none.

        Raises:
            KeyFileError: a file lacks its protection or its content.
        """
        return self._load(_SIGNS)

    def succeed(self) -> LogKeys:
        """Put the keys of the former log aside, and return those of its successor, made if there are none.

        Raises:
            KeyFileError: a file lacks its protection or its content.
        """
        for name in _SIGNS:
            path = self._path(name)
            if path.exists() and f"+{self._origin}+" not in path.read_text("utf-8"):
                path.replace(self._path(name.replace("log.", "log.ended.", 1)))
        sync_directory(self._folder)
        return self._load(_SIGNS)

    def prepare(self) -> LogKeys:
        """Return the keys a rotation will bring, made if there are none.

        Raises:
            KeyFileError: a file lacks its protection or its content.
        """
        return self._load(_NEXT)

    def open(self, history: Sequence[KeyPeriod], now: int) -> LogKeys:
        """Return the keys that sign now, as the log says; ``now`` is in microseconds UTC.

        Raises:
            KeyFileError: they are not here, or a file lacks its protection or its content.
        """
        current = history[-1]
        if not self._holds(_SIGNS, current) and self._holds(_NEXT, current):
            if self._path(_SIGNS[0]).exists():  # else that step was done before the interruption
                self._rename(_SIGNS, _FORMER)
            self._rename(_NEXT, _SIGNS)
        if not self._holds(_SIGNS, current):
            raise KeyFileError(WRONG_KEY)
        keys = self._load(_SIGNS)
        if current.cosigner is not None and fingerprint(_cosigner(keys).vkey) != current.cosigner:
            raise KeyFileError(WRONG_KEY.replace("log.key", "log.mldsa.key"))
        return LogKeys(keys.signer, keys.cosigner, self._former(history, now))

    def publish(self, keys: LogKeys, history: Sequence[KeyPeriod]) -> Trust:
        """Write the verifier keys beside the keys; return the policy that believes all that are known."""
        self._write("log.vkey", keys.signer.vkey)
        cosigner = _cosigner(keys).vkey
        self._write(f"log.{fingerprint(cosigner)[:16]}.vkey", cosigner)
        return Trust(tuple(one for period in history for one in self._log_keys(period)))

    def publish_policy(self, policy: str) -> None:
        """Write the policy file that verifiers are given."""
        self._write("log.policy", policy.removesuffix("\n"))

    def _log_keys(self, period: KeyPeriod) -> list[LogKey]:
        vkeys = [period.vkey]
        if period.cosigner is not None:
            path = self._folder / f"log.{period.cosigner[:16]}.vkey"
            vkeys += [path.read_text("utf-8").strip()] if path.exists() else []
        return [LogKey(parse_any_vkey(vkey), period.first, period.last) for vkey in vkeys]

    def _former(self, history: Sequence[KeyPeriod], now: int) -> tuple[LogKeys, int] | None:
        if len(history) < 2 or history[-2].also_until <= now:  # noqa: PLR2004 - there is one before
            return None
        if not self._holds(_FORMER, history[-2]):
            raise KeyFileError("The key in keys/log.former.key is to sign beside the new one: restore it.")
        return self._load(_FORMER), history[-2].also_until

    def _load(self, names: tuple[str, str]) -> LogKeys:
        return LogKeys(
            self._signer(names[0]), FileCosigner.load_or_create(self._path(names[1]), self._origin)
        )

    def _holds(self, names: tuple[str, str], period: KeyPeriod) -> bool:
        return self._path(names[0]).exists() and self._signer(names[0]).vkey == period.vkey

    def _signer(self, name: str) -> FileSigner:
        return FileSigner.load_or_create(self._path(name), self._origin)

    def _rename(self, names: tuple[str, str], others: tuple[str, str]) -> None:
        # The companion first: the Ed25519 file is what the next start looks at.
        for name, other in reversed(list(zip(names, others, strict=True))):
            if self._path(name).exists():
                self._path(name).replace(self._path(other))
        sync_directory(self._folder)

    def _write(self, name: str, text: str) -> None:
        fresh = self._path(f"{name}.new")
        fresh.write_text(text + "\n", "utf-8")
        fresh.replace(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / name


def _cosigner(keys: LogKeys) -> FileCosigner:
    if not isinstance(keys.cosigner, FileCosigner):
        raise KeyFileError("The log's ML-DSA-44 key is missing.")
    return keys.cosigner
