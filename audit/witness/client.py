"""Asks one witness for its cosignature, and for the checkpoint it saw last."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from audit.checkpoints.cosignature import verify_cosignature
from audit.checkpoints.note import VerifierKey, format_signature, parse_note, parse_signatures
from audit.checkpoints.trust import Trust
from audit.errors import NoteError
from audit.heads.port import KeeperError
from audit.sinks.http import HttpClient, Reply, UnreachedError
from audit.witness.wire import checkpoint_path, format_request, parse_size


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness cosigned at ``time`` (seconds since 1970); ``line`` goes under the checkpoint."""

    line: str
    time: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The witness did not; ``size`` is the size of the tree it saw last, where it told."""

    status: int
    size: int | None = None


class Witness(Protocol):
    """A witness as the log sees it."""

    @property
    def name(self) -> str:
        """Its key's name."""
        ...

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], note: str) -> Cosigned | Refused:
        """Ask for a cosignature.

        Raises:
            KeeperError: it cannot be reached, or answers with something else than the protocol says.
        """
        ...

    async def read(self) -> str | None:
        """Return the checkpoint it cosigned last; None when there is none.

        Raises:
            KeeperError: it cannot be reached, or shows what it did not cosign.
        """
        ...


class WitnessClient:
    """A witness behind a URL. It remembers our heads, so it is a keeper of heads, too."""

    kind = "witness"

    def __init__(self, http: HttpClient, key: VerifierKey, origin: str, trust: Callable[[], Trust]) -> None:
        """``key`` is its cosigning key, ``trust`` tells our own keys."""
        self.name = key.name
        self._http = http
        self._key = key
        self._origin = origin
        self._trust = trust

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], note: str) -> Cosigned | Refused:
        """Ask for a cosignature, as ``Witness`` says."""
        reply = await self._ask(self._http.post("/add-checkpoint", {}, format_request(old, proof, note)))
        if reply.status == HTTPStatus.CONFLICT:
            return Refused(reply.status, parse_size(reply.body))
        if reply.status != HTTPStatus.OK:
            return Refused(reply.status)
        return self._find(reply.body, parse_note(note.encode()).text)

    async def read(self) -> str | None:
        """Return the checkpoint it cosigned last, as ``Witness`` says."""
        reply = await self._ask(self._http.get(checkpoint_path(self._origin)))
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise KeeperError(f"The witness {self.name} does not show its checkpoint ({reply.status}).")
        try:
            note = parse_note(reply.body)
            self._trust().check(reply.body, now=0, whole=False)
            lines = [one for one in note.signatures if one.key_id == self._key.key_id]
            times = [verify_cosignature(one, self._key, note.text) for one in lines]
        except NoteError as error:
            raise KeeperError(
                f"The witness {self.name} shows a checkpoint that does not hold: {error}"
            ) from None
        if not times:
            raise KeeperError(f"The witness {self.name} shows a checkpoint it did not cosign.")
        return reply.body.decode()

    async def remember(self, note: str) -> None:
        """Do nothing: the rounds ask for cosignatures, which is how a witness remembers."""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _find(self, body: bytes, text: str) -> Cosigned:
        """Return the line of this witness's key; lines of keys we do not know are passed over."""
        try:
            for line in parse_signatures(body.decode()):
                if (line.name, line.key_id) == (self._key.name, self._key.key_id):
                    time = verify_cosignature(line, self._key, text)
                    return Cosigned(format_signature(self._key, line.signature), time)
        except (NoteError, UnicodeDecodeError):
            pass
        raise KeeperError(f"The witness {self.name} answered without a signature of the key we know.")

    async def _ask(self, answer: Awaitable[Reply]) -> Reply:
        try:
            return await answer
        except UnreachedError as error:
            raise KeeperError(f"The witness {self.name}: {error}") from None
