"""What a reviewer signs, who else must answer, and whether the sign-in may sign just now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.access.forms import RequestDetail
from console.access.queries import read_request
from console.access.reviewing import review_request
from console.catalog.explained import group_in_words
from console.changes.explaining import PlanWords, plan_words
from console.changes.forms import ReviewCreate, Reviewed, ReviewRead
from console.changes.signing import confirm_path, may_sign, submit_signed
from console.changes.standing import groups_now
from console.web.forms import Form
from console.work import UnitOfWork

LABELS: Final = {
    "route": "Model",
    "title": "Title",
    "team": "Team that may call it",
    "service": "Only this service account of it",
    "person": "Only this person of it",
    "purpose": "Purpose",
    "monthly_calls": "Calls a month",
    "renews": "Follows the grant",
    "duration_days": "Days, from the last approval",
    "permission": "Permission",
    "tier": "Tier",
    "data_class": "Data class",
    "visibility": "Visibility",
    "requester": "Asked by",
    "card_hash": "Model card, SHA-256",
    "kind": "Kind of change",
}
NO_LONGER: Final = "This request no longer waits for an answer."


@dataclass(frozen=True, slots=True)
class Slot:
    """One answer that is needed: of which group, and who has given it."""

    group: str
    by: str | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What the page of one review shows.

    `barred` says in a sentence why this person cannot answer; `strong` that the sign-in may sign now.
    """

    asked: RequestDetail
    plan: PlanWords
    content: Sequence[tuple[str, str]]
    slots: Sequence[Slot]
    groups: Sequence[str]
    barred: str | None
    strong: bool
    confirm_path: str
    sign_path: str
    back_path: str
    meaning_hint: str
    form: Form[ReviewCreate]


async def open_review(
    work: UnitOfWork, request_id: UUID, form: Form[ReviewCreate] | None = None
) -> ReviewPage:
    """Return the page on which one request is answered.

    Raises:
        NotFoundError: no such request, or none the principal may read.
    """
    asked = await read_request(work, request_id)
    async with work.read() as session:
        groups = await groups_now(session, work.principal.id, asked.owner_team)
    wanted = groups & {entry.group for entry in asked.required}
    return ReviewPage(
        asked=asked,
        plan=plan_words(asked),
        content=describe_signed(asked),
        slots=_slots(asked),
        groups=[group_in_words(group) for group in sorted(wanted)],
        barred=_barred(work, asked),
        strong=await may_sign(work),
        confirm_path=confirm_path(f"/reviews/{request_id}"),
        sign_path=f"/reviews/{request_id}",
        back_path="/reviews",
        meaning_hint="For example: I answer for this use as the owner of the model.",
        form=form or Form(),
    )


def describe_signed(asked: RequestDetail) -> list[tuple[str, str]]:
    """Return every member of the content that is hashed and signed, in reading order."""
    content = {**asked.content, "route": asked.content["route"]["name"]}
    if "service" in content:
        content["service"] = content["service"]["name"]
    if asked.person:
        content["person"] = f"{asked.person.shown} ({asked.person.id})"
    content["requester"] = f"{asked.requester.shown} ({content['requester']})"
    order = [*LABELS, *(name for name in content if name not in LABELS)]
    return [(LABELS.get(name, name), str(content[name])) for name in order if content.get(name) is not None]


def _slots(asked: RequestDetail) -> list[Slot]:
    approved = [review for review in asked.reviews if review.decision == "approve"]
    return [
        Slot(
            group_in_words(entry.group),
            next((_signer(one) for one in approved if entry.group in one.groups), None),
        )
        for entry in asked.required
        for _ in range(entry.count)
    ]


def _signer(review: ReviewRead) -> str:
    instead = f", in the stead of {review.stands_for.shown}" if review.stands_for else ""
    return review.reviewer.shown + instead


def _barred(work: UnitOfWork, asked: RequestDetail) -> str | None:
    if asked.own:
        return "You asked for this, and whoever asks may not decide."
    if any(review.reviewer.id == work.principal.id for review in asked.reviews):
        return "You have answered this request; each person answers once."
    if asked.state != "pending":
        return NO_LONGER
    return None if asked.asked else "You are not asked to answer this request."


async def sign_review(
    work: UnitOfWork, request_id: UUID, sent: Form[ReviewCreate]
) -> tuple[Form[ReviewCreate], Reviewed | None]:
    """Sign the answer; a sign-in too old, too weak or spent comes back as a sentence in the form.

    Raises:
        NotFoundError, RefusedError: as `review_request`, but for a missing step-up.
    """
    return await submit_signed(sent, lambda data: review_request(work, request_id, data))
