"""A witness as a small ASGI application, to be run on another host than the log's.

It knows its logs by their keys, keeps one file, and asks nobody. Three things can be asked of it: to cosign,
to show what it cosigned last, and whether it is there.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from audit.checkpoints.checkpoint import Checkpoint, parse_checkpoint
from audit.checkpoints.cosignature import Cosigner
from audit.checkpoints.note import format_signature, parse_note
from audit.checkpoints.trust import Trust
from audit.witness.judge import Refusal, judge, read_checkpoint
from audit.witness.memory import WitnessMemory
from audit.witness.wire import MAX_REQUEST, SIZE_TYPE, WitnessRequestError, parse_request

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    body: str
    kind: str = _TEXT


class WitnessServer:
    """One witness: its keys, the logs it watches, its memory."""

    def __init__(
        self,
        cosigners: Sequence[Cosigner],
        trusted: Mapping[str, Trust],
        memory: WitnessMemory,
        clock: Callable[[], int],
    ) -> None:
        """``trusted`` is by origin; ``clock`` tells seconds since 1970."""
        self._cosigners = cosigners
        self._trusted = trusted
        self._memory = memory
        self._clock = clock
        self._origins = {hashlib.sha256(origin.encode()).hexdigest(): origin for origin in trusted}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _reply(send, await self._answer(str(scope["method"]), str(scope["path"]), receive))

    def add_checkpoint(self, data: bytes) -> Answer:
        """Judge a request and, when it is right, remember it durably and cosign."""
        try:
            request, now = parse_request(data), self._clock()
            fresh = read_checkpoint(request, self._trusted, now)
            with self._memory.changing(fresh.origin) as held:
                judge(request, fresh, _read(held.note))
                text = parse_note(request.note).text  # extension lines included
                lines = "".join(one.cosign(text, now) for one in self._cosigners)
                held.keep(self._log_lines(request.note, fresh.origin) + lines)
        except WitnessRequestError as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        except Refusal as refusal:
            kind = SIZE_TYPE if refusal.status is HTTPStatus.CONFLICT else _TEXT
            return Answer(refusal.status, refusal.body, kind)
        return Answer(HTTPStatus.OK, lines)

    def show(self, place: str) -> Answer:
        """Return the newest checkpoint cosigned of the log whose origin has this hash."""
        origin = self._origins.get(place)
        note = self._memory.read(origin) if origin else None
        return Answer(HTTPStatus.OK, note) if note else Answer(HTTPStatus.NOT_FOUND, "Nothing is here.\n")

    async def _answer(self, method: str, path: str, receive: Receive) -> Answer:
        match method, path.strip("/").split("/"):
            case "POST", ["add-checkpoint"]:
                body = await _read_body(receive)
                if body is None:
                    return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long.\n")
                return await asyncio.to_thread(self.add_checkpoint, body)
            case "GET", [place, "checkpoint"]:
                return await asyncio.to_thread(self.show, place)
            case "GET", ["health"]:
                return Answer(HTTPStatus.OK, "live\n")
        return Answer(HTTPStatus.NOT_FOUND, "Nothing is here.\n")

    def _log_lines(self, data: bytes, origin: str) -> str:
        """Return the note with the lines of the log's own keys only."""
        note, known = parse_note(data), {one.key.key_id: one.key for one in self._trusted[origin].logs}
        ours = [one for one in note.signatures if one.key_id in known and one.name == origin]
        return f"{note.text}\n" + "".join(format_signature(known[one.key_id], one.signature) for one in ours)


def _read(note: str | None) -> Checkpoint | None:
    return parse_checkpoint(parse_note(note.encode()).text) if note else None


async def _read_body(receive: Receive) -> bytes | None:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_REQUEST:
            return None
    return body


async def _reply(send: Send, answer: Answer) -> None:
    headers = [(b"content-type", answer.kind.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": answer.body.encode()})


async def _live(receive: Receive, send: Send) -> None:
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
