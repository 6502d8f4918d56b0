"""What a caller hands to the log: one event, before it is sealed into a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from uuid_utils.compat import uuid7

from audit.events import Action


class Outcome(StrEnum):
    """How the act ended. ``unknown`` is a call whose outcome was lost with its process."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What was acted on. ``type`` is the resource's word in the glossary, such as ``route``."""

    type: str
    id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Details about one subject, or about none, in clear; ``content`` fits audit.canonical."""

    name: str
    subject: UUID | None
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act, sign-in, refusal, call, export or read.

    Everything but ``parts`` stays in the log for ever, so it holds references and never personal data.

    Attributes:
        id: UUIDv7, the audit id that callers see.
        reasons: stable reason codes, ``code`` or ``code:detail``.
        flags: stable marks, such as ``single_person``.
        actor: the principal who acted; None for the system or an unknown caller.
        request: the access request this belongs to.
        decision: the policy decision.
        evaluation: the earlier decision whose evaluation this one reuses.
        policy: the policy revision, 64 hex digits.
        state: SHA-256 over the row hashes this act wrote, 64 hex digits.
        parts: at most eight.
    """

    action: Action
    actor: UUID | None
    id: UUID = field(default_factory=uuid7)
    outcome: Outcome = Outcome.SUCCESS
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    resource: Resource | None = None
    request: UUID | None = None
    grant: UUID | None = None
    decision: UUID | None = None
    evaluation: UUID | None = None
    policy: str | None = None
    state: str | None = None
    parts: tuple[Part, ...] = ()
