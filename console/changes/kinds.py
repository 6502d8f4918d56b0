"""The registry of the kinds of change that take two people: each part that owns a kind registers it here.

A kind says what of it is signed, how it reads in a sentence, what it would do, and how it is carried out. Who
may ask and who must answer is policy (``data.guildhall.changes``), above a floor in code: its author and one
other person, who is none of its parties.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.facts import AnsweredChange
from console.changes.forms import Consequence
from console.errors import ConflictError, NotFoundError
from console.questions import Resource
from console.services import Services
from console.work import Row, UnitOfWork
from policy.approvals import FEWEST_OTHERS
from policy.decision import Document
from policy.facts import describe_change_of
from policy.models import ChangeKind

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a change acts on: its reference, and what is signed of it beside kind, requester and reason."""

    type: str
    id: UUID
    content: Document


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a change cannot be done: a stable code, and a sentence for who asks or answers."""

    code: str
    sentence: str

    def error(self) -> ConflictError:
        """Return it as what is told."""
        return ConflictError(self.sentence, (self.code,))


RECORD_LABELS: Final = (
    ("name", "Class"),
    ("days", "Days"),
    ("days_now", "Days until now"),
    ("before", "From before"),
    ("person", "Person"),
    ("hold", "Hold"),
    ("conditions", "What it covers"),
)


async def nothing_before(_services: Services, _session: AsyncSession, _asked: Content, _who: UUID) -> Content:
    """Say that nothing stands in the form of an answer before somebody types it."""
    return {}


async def no_gainers(
    _services: Services, _session: AsyncSession, _content: Content, _answering: frozenset[UUID]
) -> frozenset[UUID]:
    """Say that nobody gains by a change."""
    return frozenset()


@dataclass(frozen=True)
class Kind:
    """One kind of change.

    Attributes:
        sentence: what it does, for people, from the content that is signed.
        parties: whom it is about; they do not answer.
        check: why it cannot be done, now and here, or None. Asked when it is asked for, shown to
            who answers, and asked again in the transaction that carries it out.
        consequences: what it would do as things stand, for who answers.
        execute: carries it out in the transaction of the last answer; returns the rows that `change.execute`
            is to carry, when no event of the kind's own does.
        settle: finishes after that transaction what cannot be part of it.
        gainers: who would newly gain by it, as things stand; they do not answer. It is told who has answered
            and who is about to, by all of their accounts: all that a kind needs to look at.
        team: whose owner and reviewers are asked; none, and only roles without bounds answer.
        about: what of a model it concerns, for plans that differ by tier, data class or purpose.
        area: the part of the console it belongs to, as its page's way back: label and path.
        labels: what its page calls the members of what is signed, in their order.
        answer_hint: an example of what a signature under it could mean.
        fewest: how many people besides its author approve at least, whatever a policy says.
        prefill: what stands in somebody's form to answer before they type, by the names of its fields.
        waits: it is not approved before a second admin has signed in, in a production's first days.
        authors: who wrote what is asked for, besides who asks; they count as having asked.
    """

    kind: ChangeKind
    sentence: Callable[[Content], str]
    check: Callable[[Services, AsyncSession, Content], Awaitable[Objection | None]]
    consequences: Callable[[Services, AsyncSession, Content], Awaitable[Sequence[Consequence]]]
    execute: Callable[[UnitOfWork, AsyncSession, "KeptChange", int], Awaitable[Sequence[Row]]]
    parties: Callable[[Content], frozenset[UUID]] = lambda _: frozenset()
    settle: Callable[[Services], Awaitable[object]] | None = None
    gainers: Callable[[Services, AsyncSession, Content, frozenset[UUID]], Awaitable[frozenset[UUID]]] = (
        no_gainers
    )
    team: Callable[[Content], str] = lambda _: ""
    about: Callable[[Content], Mapping[str, str]] = lambda _: {}
    area: tuple[str, str] = ("Records", "/records")
    labels: Sequence[tuple[str, str]] = RECORD_LABELS
    answer_hint: str = "For example: I have looked at what goes, and it may go."
    fewest: Callable[[Content], int] = lambda _: FEWEST_OTHERS
    prefill: Callable[[Services, AsyncSession, Content, UUID], Awaitable[Mapping[str, str]]] = nothing_before
    waits: bool = False
    authors: Callable[[Content], frozenset[UUID]] = lambda _: frozenset()


@dataclass(frozen=True, slots=True)
class KeptChange(AnsweredChange):
    """A change of a registered kind: why it can no longer be approved, and who would gain by it."""

    objection: Objection | None
    gainers: frozenset[UUID] = frozenset()

    @property
    def kind(self) -> Kind:
        """The kind it is registered under."""
        return kind_of(self.change.kind)

    @property
    def fewest(self) -> int:
        """How many others than the author, whatever a policy says: one, unless the kind says more."""
        return max(FEWEST_OTHERS, self.kind.fewest(self.content))

    @property
    def parties(self) -> frozenset[UUID]:
        """Whom it is about, and who would gain by it, by all of their accounts."""
        return self.kind.parties(self.content) | self.gainers

    @property
    def team(self) -> str:
        """The team whose owner and reviewers are asked."""
        return self.kind.team(self.content)

    def resource(self) -> Resource:
        """Return the change as a decision's resource."""
        facts = {"kind": self.change.kind.value}
        if self.team:
            facts["team"] = self.team
        return Resource("change", self.change.id, facts, change=self.document())

    def document(self) -> Document:
        """Return the change as policy documents show it."""
        return describe_change_of(
            self.change.kind.value,
            id=self.change.id,
            requester=self.change.requester_id,
            content_hash=self.change.content_hash,
            parties=self.parties,
            reviews=self.signed_reviews(),
            selves=self.answers.askers,
            overdue=self.answers.overdue,
            about=described(self.kind, self.content),
        )

    def why_stale(self) -> str | None:
        """Say why it can no longer be approved."""
        return self.objection.sentence if self.objection else None


def described(kind: Kind, content: Content) -> Mapping[str, str]:
    """Return what policy is told of the model a change concerns; nothing where it concerns none."""
    team = kind.team(content)
    return {**kind.about(content), **({"team": team} if team else {})}


_KINDS: Final[dict[ChangeKind, Kind]] = {}


def register(*kinds: Kind) -> None:
    """Let changes of these kinds be asked for; done once, where the kind's owner is imported."""
    _KINDS.update({one.kind: one for one in kinds})


def kind_of(kind: ChangeKind) -> Kind:
    """Return a registered kind.

    Raises:
        NotFoundError: nobody owns this kind here.
    """
    if kind not in _KINDS:
        raise NotFoundError("There is nothing here by that name.", ("not_found",))
    return _KINDS[kind]


def known_kinds() -> Sequence[ChangeKind]:
    """Return the registered kinds, in order of their names."""
    return sorted(_KINDS)
