"""What a reviewer signs, who else must answer, and whether the sign-in may sign just now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from console.access.forms import RequestDetail
from console.access.queries import read_request
from console.access.reviewing import review_request
from console.catalog.explained import group_in_words
from console.changes.facts import groups_now
from console.changes.forms import ReviewCreate, Reviewed
from console.clock import seconds
from console.errors import RefusedError
from console.web.forms import Form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.models import SignInUse

LABELS: Final = {
    "route": "Model",
    "title": "Title",
    "team": "Team that may call it",
    "purpose": "Purpose",
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
    content: Sequence[tuple[str, str]]
    slots: Sequence[Slot]
    groups: Sequence[str]
    barred: str | None
    strong: bool
    confirm_path: str
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
        content=describe_signed(asked),
        slots=_slots(asked),
        groups=[group_in_words(group) for group in sorted(wanted)],
        barred=_barred(work, asked),
        strong=await _may_sign(work),
        confirm_path="/step-up?" + urlencode({"next_path": f"/reviews/{request_id}"}),
        form=form or Form(),
    )


def describe_signed(asked: RequestDetail) -> list[tuple[str, str]]:
    """Return every member of the content that is hashed and signed, in reading order."""
    content = {**asked.content, "route": asked.content["route"]["name"]}
    content["requester"] = f"{asked.requester.shown} ({content['requester']})"
    order = [*LABELS, *(name for name in content if name not in LABELS)]
    return [(LABELS.get(name, name), str(content[name])) for name in order if content.get(name) is not None]


def _slots(asked: RequestDetail) -> list[Slot]:
    approved = [review for review in asked.reviews if review.decision == "approve"]
    return [
        Slot(
            group_in_words(entry.group),
            next((one.reviewer.name for one in approved if entry.group in one.groups), None),
        )
        for entry in asked.required
        for _ in range(entry.count)
    ]


def _barred(work: UnitOfWork, asked: RequestDetail) -> str | None:
    if asked.own:
        return "You asked for this, and whoever asks may not decide."
    if any(review.reviewer.id == work.principal.id for review in asked.reviews):
        return "You have answered this request; each person answers once."
    if asked.state != "pending":
        return NO_LONGER
    return None if asked.asked else "You are not asked to answer this request."


async def _may_sign(work: UnitOfWork) -> bool:
    proof = work.principal.authentication
    allowed = work.services.sign_in.allowed_acr(proof.issuer)
    if not proof.is_stepped_up(seconds(work.now), allowed):
        return False
    async with work.read() as session:
        return await session.get(SignInUse, proof.sign_in_key()) is None


async def sign_review(
    work: UnitOfWork, request_id: UUID, sent: Form[ReviewCreate]
) -> tuple[Form[ReviewCreate], Reviewed | None]:
    """Sign the answer; a sign-in too old, too weak or spent comes back as a sentence in the form.

    Raises:
        NotFoundError, RefusedError: as `review_request`, but for a missing step-up.
    """
    try:
        return await submit(sent, lambda data: review_request(work, request_id, data))
    except RefusedError as error:
        if not any(item.get("type") == "step_up" for item in error.obligations):
            raise
        sentence = "Confirm that it is you before you sign: a sign-in signs once, within five minutes."
        return replace(sent, errors={"": sentence}, data=None), None
