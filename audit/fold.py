"""One entry per call: its intent and its outcome become one record, also when the outcome never came."""

from dataclasses import dataclass

from uuid_utils.compat import uuid7

from audit import canonical
from audit.body import SealedPart, encode_parts, parts_from
from audit.errors import AuditError, RecordError
from audit.event import Outcome
from audit.events import Action
from audit.head import format_time, parse_time
from audit.record import Record, fold

OPEN_AFTER_MICROSECONDS = 60_000_000
OUTCOME_LOST = "outcome_lost"
COUNT_LOST = "count_lost"
OUTCOME_UNREADABLE = "outcome_unreadable"
STILL_OPEN = "still_open"

_FIELDS = {"ended", "outcome", "parts", "reasons"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """How a call ended at ``ended`` (microseconds UTC), with the parts known only then, sealed."""

    outcome: Outcome
    ended: int
    reasons: tuple[str, ...] = ()
    parts: tuple[SealedPart, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the record of an outcome frame: canonical JSON.

        Raises:
            CanonicalError: a reason is not canonical text.
        """
        reasons = canonical.encode(list(self.reasons))
        return b'{"ended":"%b","outcome":"%b","parts":%b,"reasons":%b}' % (
            format_time(self.ended).encode(),
            self.outcome.encode(),
            encode_parts(self.parts),
            reasons,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "CallOutcome":
        """Read what ``to_bytes`` made.

        Raises:
            RecordError: not the bytes of an outcome.
        """
        try:
            fields = canonical.decode_map(data)
            if fields.keys() != _FIELDS:
                raise RecordError("An outcome has other fields.")
            return cls(
                outcome=Outcome(str(fields["outcome"])),
                ended=parse_time(str(fields["ended"])),
                reasons=_texts(fields["reasons"]),
                parts=parts_from(fields["parts"]),
            )
        except (AuditError, ValueError) as error:
            raise RecordError("The bytes are no outcome of a call.") from error


def close_call(intent: Record, outcome: bytes) -> Record:
    """Fold a call's outcome frame into its intent; one that cannot be read leaves the outcome unknown."""
    try:
        call = CallOutcome.from_bytes(outcome)
        return fold(intent, outcome=call.outcome, reasons=call.reasons, parts=call.parts)
    except AuditError:
        return fold(intent, outcome=Outcome.UNKNOWN, reasons=[OUTCOME_UNREADABLE])


def lose_call(intent: Record) -> Record:
    """Return the record of a call, or of a summary of refusals, whose process ended without an outcome."""
    if is_call(intent):
        return fold(intent, outcome=Outcome.UNKNOWN, reasons=[OUTCOME_LOST])
    why = intent.head_fields.get("reasons")
    return fold(
        intent, outcome=Outcome.UNKNOWN, reasons=[*(why if isinstance(why, list) else []), COUNT_LOST]
    )


def is_call(intent: Record) -> bool:
    """Return whether an intent is a call's; a summary of refusals is the other thing that stays open."""
    return intent.head_fields["action"] == Action.MODEL_INVOKE.value


def announce_call(intent: Record, now: int) -> Record:
    """Return the additional record of a call still open at ``now``; its reason names the call's id.

    Raises:
        RecordError: the intent's head leaves no room for it.
    """
    stated = {
        "id": str(uuid7()),
        "time": format_time(now),
        "action": str(Action.MODEL_INVOKE_OPEN),
        "outcome": str(Outcome.UNKNOWN),
        "reasons": [f"{STILL_OPEN}:{intent.head_fields['id']}"],
    }
    return Record.from_dict({"head": {**intent.head_fields, **stated}, "parts": []})


def is_overdue(opened: int, now: int) -> bool:
    """Return whether a call open since ``opened`` has been so for more than a minute (microseconds UTC)."""
    return now - opened > OPEN_AFTER_MICROSECONDS


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise RecordError("Reasons are a list of texts.")
    return tuple(value)
