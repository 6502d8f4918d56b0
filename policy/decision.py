"""The question asked of policy, the answer, and the port that engines implement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, Protocol, TypeAlias, runtime_checkable
from uuid import UUID

from policy.bundles import Bundle

Document: TypeAlias = Mapping[str, object]
"""A JSON object whose numbers are integers."""

DOCUMENT_VERSION: Final = 1


class Entrypoint(StrEnum):
    """The questions the bundle answers, as OPA data paths."""

    DECISION = "guildhall/authz/decision"
    PLAN = "guildhall/approval/plan"
    SCOPE = "guildhall/list/scope"


class Undefined(Enum):
    """The type of ``UNDEFINED``, which is neither ``null`` nor any other JSON value."""

    VALUE = "undefined"


UNDEFINED: Final = Undefined.VALUE
"""What an engine reports when no rule gave an answer."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question: may the subject do the action on the resource, given these grants and this context?

    The parts are plain documents; ``policy.facts`` has a typed constructor for each.
    """

    subject: Document
    action: str
    resource: Document
    grants: tuple[Document, ...] = ()
    context: Document = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return the input of the Rego rules (docs/reference/decision-document.md)."""
        return {
            "action": str(self.action),
            "subject": dict(self.subject),
            "resource": dict(self.resource),
            "context": dict(self.context),
            "grants": [dict(grant) for grant in self.grants],
            "v": DOCUMENT_VERSION,
        }


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many people of a group (``owner:TEAM`` or ``reviewer``) are needed."""

    group: str
    count: int

    def document(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"group": self.group, "count": self.count}


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, and what it rests on.

    Attributes:
        id: UUIDv7 of this decision.
        allow: True only when the active bundle said so.
        reasons: stable codes of why not, most telling first; empty when allowed.
        missing: groups whose approval is still missing.
        obligations: what the caller must do first, such as ``{"type": "step_up", …}``.
        matched: stable codes of the rules that allowed.
        revision: bundle revision the engine reported, or the one asked for when it reported none.
        engine: name of the decider.
        valid_until: Unix seconds after which the answer must be asked again; None when nothing ends.
    """

    id: UUID
    allow: bool
    reasons: tuple[str, ...]
    missing: tuple[GroupCount, ...]
    obligations: tuple[Document, ...]
    matched: tuple[str, ...]
    revision: str
    engine: str
    valid_until: int | None


@dataclass(frozen=True, slots=True)
class PolicyUnavailable(Decision):
    """A refusal because no trustworthy answer was had: 503 to the caller, never a rule's own no."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an engine computed: a JSON value or ``UNDEFINED``, and the revision of the bundle it used.

    ``engine`` names who answered, where that is not the decider that was asked.
    """

    result: object
    revision: str
    engine: str = ""


@runtime_checkable
class Holds(Protocol):
    """A decider of ours that is handed the bundle it answers from."""

    @property
    def revision(self) -> str:
        """The revision it answers from."""

    async def hold(self, bundle: Bundle) -> None:
        """Answer from another bundle once it is compiled; the old one stays when it cannot be.

        Raises:
            policy.errors.BundleError: it does not compile, or takes the engine down.
        """


class Decider(Protocol):
    """An engine that evaluates the bundle."""

    @property
    def name(self) -> str:
        """The engine's name as records show it."""

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        """Evaluate one entrypoint.

        Raises:
            policy.errors.DeciderFailedError: the engine is not there or reported an error.
            policy.errors.DeciderTimeoutError: it did not answer within its deadline.
        """

    async def ping(self) -> None:
        """Return when the engine answers, else raise as ``evaluate`` does."""

    async def close(self) -> None:
        """Release the engine; a second call does nothing."""
