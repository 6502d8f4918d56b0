"""The error tree. Each error knows its status and a stable problem type (RFC 9457).

ConsoleError
├── NotSignedInError            401  nobody is known
├── RefusedError                403  decided, with reasons (404 when a stranger may not even know)
├── NotFoundError               404
├── ConflictError               409  what was seen is no longer what is there
├── InvalidInputError           422  bad input; names the fields
├── TooManyRequestsError        429  more than is taken in a minute
├── AuditUnavailableError       503  cannot be recorded, so it does not happen
├── PolicyUndecidedError        503  no decision could be had, so it is a denial
└── ServiceUnavailableError     503  an outside service does not answer
SettingsError              the process does not start
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID


class SettingsError(Exception):
    """Settings that cannot work; the message holds one sentence per mistake."""


@dataclass(eq=False)
class ConsoleError(Exception):
    """An error a person or program is told about in one clear sentence."""

    detail: str
    reasons: Sequence[str] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    status: ClassVar[int] = 500
    type: ClassVar[str] = "about:blank"

    def __str__(self) -> str:
        """Return the sentence."""
        return self.detail


@dataclass(eq=False)
class NotSignedInError(ConsoleError):
    """No credential, or one that is not accepted here."""

    status: ClassVar[int] = 401
    type: ClassVar[str] = "urn:guildhall:problem:not_signed_in"


@dataclass(eq=False)
class RefusedError(ConsoleError):
    """A decision denied the act; `reasons` says why and `decision_id` finds it in the log."""

    decision_id: UUID | None = None
    obligations: Sequence[Mapping[str, object]] = ()
    status: ClassVar[int] = 403
    type: ClassVar[str] = "urn:guildhall:problem:refused"


@dataclass(eq=False)
class NotFoundError(ConsoleError):
    """Nothing here by that name, or nothing this principal may know of."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "urn:guildhall:problem:not_found"


@dataclass(eq=False)
class ConflictError(ConsoleError):
    """The state changed since it was read, or forbids the act."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "urn:guildhall:problem:conflict"


@dataclass(eq=False)
class InvalidInputError(ConsoleError):
    """Input that cannot be understood; `fields` maps each field to its sentence."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "urn:guildhall:problem:invalid_input"


@dataclass(eq=False)
class TooManyRequestsError(ConsoleError):
    """More of them than are taken in a minute."""

    status: ClassVar[int] = 429
    type: ClassVar[str] = "urn:guildhall:problem:too_many_requests"


@dataclass(eq=False)
class AuditUnavailableError(ConsoleError):
    """The record could not be written, so nothing happened."""

    status: ClassVar[int] = 503
    type: ClassVar[str] = "urn:guildhall:problem:audit_unavailable"


@dataclass(eq=False)
class PolicyUndecidedError(ConsoleError):
    """No decision could be had in time; undecided is denied."""

    status: ClassVar[int] = 503
    type: ClassVar[str] = "urn:guildhall:problem:policy_unavailable"


@dataclass(eq=False)
class ServiceUnavailableError(ConsoleError):
    """A service outside the console does not answer."""

    status: ClassVar[int] = 503
    type: ClassVar[str] = "urn:guildhall:problem:service_unavailable"
