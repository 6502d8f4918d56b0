"""One change as its page tells it: what is signed, what it would do, who answered, and the form to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.changes.forms import ReviewCreate
from console.changes.signing import confirm_path, may_sign, submit_signed
from console.custody.answering import review_change
from console.custody.forms import ChangeDetail, ChangeReviewed
from console.custody.queries import read_change
from console.questions import Resource
from console.web.forms import Form
from console.work import UnitOfWork
from policy.permissions import Permission

BACK: Final = "/records"
LABELS: Final = {
    "kind": "Kind of change",
    "name": "Class",
    "days": "Days",
    "days_now": "Days until now",
    "before": "From before",
    "person": "Person",
    "hold": "Hold",
    "conditions": "What it covers",
    "reason": "Reason",
    "requester": "Asked by",
}


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What the page shows; `barred` says in a sentence why this person cannot answer."""

    asked: ChangeDetail
    content: Sequence[tuple[str, str]]
    barred: str | None
    audits: bool
    strong: bool
    confirm_path: str
    sign_path: str
    back_path: str
    meaning_hint: str
    form: Form[ReviewCreate]


async def open_change(
    work: UnitOfWork, change_id: UUID, form: Form[ReviewCreate] | None = None
) -> ChangePage:
    """Return the page of one change.

    Raises:
        NotFoundError: no such change, or none the principal may read.
    """
    asked, path = await read_change(work, change_id), f"/records/changes/{change_id}"
    return ChangePage(
        asked=asked,
        content=_signed(asked),
        barred=_barred(work, asked),
        audits=await work.allowed(Permission.AUDIT_READ, Resource("audit")),
        strong=await may_sign(work),
        confirm_path=confirm_path(path),
        sign_path=path,
        back_path=BACK,
        meaning_hint="For example: I have looked at what goes, and it may go.",
        form=form or Form(),
    )


async def sign_change(
    work: UnitOfWork, change_id: UUID, sent: Form[ReviewCreate]
) -> tuple[Form[ReviewCreate], ChangeReviewed | None]:
    """Sign the answer with what was typed."""
    return await submit_signed(sent, lambda data: review_change(work, change_id, data))


def _signed(asked: ChangeDetail) -> list[tuple[str, str]]:
    who = f"{asked.requester.shown} ({asked.content['requester']})"
    content = {**asked.content, "requester": who}
    order = [*LABELS, *(name for name in content if name not in LABELS)]
    return [(LABELS.get(name, name), _text(content[name])) for name in order if content.get(name) is not None]


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {item}" for name, item in value.items())
    return str(value)


def _barred(work: UnitOfWork, asked: ChangeDetail) -> str | None:
    if asked.own:
        return "You asked for this, and whoever asks may not decide."
    if any(review.reviewer.id == work.principal.id for review in asked.reviews):
        return "You have answered this; each person answers once."
    if asked.state != "pending":
        return "This no longer waits for an answer."
    return None if asked.asked else "You are not asked to answer this."
