"""What a witness decides: cosign only what extends the tree it saw last. Statuses are the protocol's."""

from collections.abc import Mapping
from http import HTTPStatus

from audit.checkpoints.checkpoint import Checkpoint, parse_checkpoint
from audit.checkpoints.note import parse_note
from audit.checkpoints.trust import Trust
from audit.errors import NoteError, ProofError
from audit.tree import merkle
from audit.witness.wire import AddCheckpoint


class Refusal(Exception):  # noqa: N818 -- it is an answer, not an error
    """The witness does not cosign; ``body`` is what the log is told."""

    def __init__(self, status: HTTPStatus, body: str) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def read_checkpoint(request: AddCheckpoint, trusted: Mapping[str, Trust], now: int) -> Checkpoint:
    """Return the request's checkpoint once a trusted key signed it; ``now`` is in seconds since 1970.

    Raises:
        Refusal: 400 malformed, 404 not a log we know, 403 not signed by a key of it.
    """
    try:
        claimed = parse_checkpoint(parse_note(request.note).text)
    except NoteError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
    trust = trusted.get(claimed.origin)
    if trust is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "This witness does not watch that log.")
    try:
        return trust.check(request.note, now=now, whole=False)
    except NoteError as error:
        raise Refusal(HTTPStatus.FORBIDDEN, str(error)) from None


def judge(request: AddCheckpoint, fresh: Checkpoint, last: Checkpoint | None) -> None:
    """Return when ``fresh`` extends ``last``, the tree cosigned before.

    Raises:
        Refusal: 400 an old size above the new, 409 another old size than ours, 422 another history.
    """
    size = last.size if last else 0
    if request.old > fresh.size:
        raise Refusal(HTTPStatus.BAD_REQUEST, "The old size is larger than the checkpoint's.")
    if request.old != size:
        raise Refusal(HTTPStatus.CONFLICT, f"{size}\n")
    try:
        _extend(request, fresh, last)
    except ProofError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None


def _extend(request: AddCheckpoint, fresh: Checkpoint, last: Checkpoint | None) -> None:
    if fresh.size == 0 and fresh.root != merkle.root([]):
        raise ProofError("The root of an empty tree is another.")
    if last is None or last.size == 0:
        if request.proof:
            raise ProofError("No proof leads from an empty tree.")
        return
    merkle.verify_consistency(last.size, fresh.size, request.proof, last.root, fresh.root)
