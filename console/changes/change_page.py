"""One change as its page tells it: what is signed, what it would do, who answered, and the form to answer."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.catalog.explained import group_in_words
from console.changes.deciding import review_change
from console.changes.explaining import PlanWords, plan_words
from console.changes.forms import ChangeDetail, ChangeReviewed, ReviewCreate
from console.changes.kinds import kind_of
from console.changes.queries import read_change
from console.changes.signing import confirm_path, may_sign, submit_signed
from console.questions import Resource
from console.web.forms import Form
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission

FIRST_LABELS: Final = {"kind": "Kind of change"}
LAST_LABELS: Final = {"reason": "Reason", "requester": "Asked by"}


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What the page shows; `barred` says in a sentence why this person cannot answer."""

    asked: ChangeDetail
    plan: PlanWords
    missing: Sequence[str]
    content: Sequence[tuple[str, str]]
    barred: str | None
    audits: bool
    strong: bool
    confirm_path: str
    sign_path: str
    back_path: str
    area: tuple[str, str]
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
    kind = kind_of(ChangeKind(asked.kind))
    async with work.read() as session:
        typed = await kind.prefill(work.services, session, asked.content, work.principal.id)
    return ChangePage(
        asked=asked,
        plan=plan_words(asked),
        missing=[group_in_words(one.group) for one in asked.missing for _ in range(one.count)],
        content=_signed(asked, {**FIRST_LABELS, **dict(kind.labels), **LAST_LABELS}),
        barred=_barred(work, asked),
        audits=await work.allowed(Permission.AUDIT_READ, Resource("audit")),
        strong=await may_sign(work),
        confirm_path=confirm_path(path),
        sign_path=path,
        back_path=kind.area[1],
        area=kind.area,
        meaning_hint=kind.answer_hint,
        form=form or Form(typed),
    )


async def sign_change(
    work: UnitOfWork, change_id: UUID, sent: Form[ReviewCreate]
) -> tuple[Form[ReviewCreate], ChangeReviewed | None]:
    """Sign the answer with what was typed."""
    return await submit_signed(sent, lambda data: review_change(work, change_id, data))


def _signed(asked: ChangeDetail, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    who = f"{asked.requester.shown} ({asked.content['requester']})"
    content = {**asked.content, "requester": who}
    order = [*labels, *(name for name in content if name not in labels)]
    if content.get("card"):
        content["card"] = _readable(content["card"])
    return [(labels.get(name, name), _text(content[name])) for name in order if content.get(name) is not None]


def _readable(card: str) -> str:
    """Return a card's one text in lines; that it is the same JSON is what matters to its hash."""
    return json.dumps(json.loads(card), ensure_ascii=False, indent=2)


def _text(value: object) -> str:
    if isinstance(value, dict):
        named = sorted(value.items(), key=lambda item: item[0] != "label")  # what it is called comes first
        return ", ".join(f"{name.replace('_', ' ')} {item}" for name, item in named if item != "")
    if isinstance(value, list):
        return "\n".join(map(_text, value)) or "None"
    return str(value)


def _barred(work: UnitOfWork, asked: ChangeDetail) -> str | None:
    if asked.own:
        return "You asked for this, and whoever asks may not decide."
    if asked.party:
        return "It is about you, you wrote it, or you would gain by it: others answer this."
    if any(review.reviewer.id == work.principal.id for review in asked.reviews):
        return "You have answered this; each person answers once."
    if asked.state != "pending":
        return "This no longer waits for an answer."
    return None if asked.asked else "You are not asked to answer this."
