"""An approval that went stale, as a change: just the answers that are to be given anew, on what is there now.

Whoever asked for the access counts as having asked. Once the answers are given the approval rests on what was
signed; without them calls go on until the grant ends or its owner revokes it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.basis import VOLUME, in_words, make_basis, to_repeat
from console.campaigns.gainers import gainers_of
from console.campaigns.items import Held, find_held
from console.catalog.forms import card_hash
from console.changes.forms import Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, register
from console.clock import to_text
from console.models import GrantBasis
from console.questions import Resource
from console.services import Services
from console.work import Row, UnitOfWork
from policy.approvals import FEWEST_PEOPLE
from policy.models import ChangeKind, PrincipalType, Review, ReviewDecision

GROUND: Final = ("changed", "team", "card_hash", "policy")
LABELS: Final = (
    ("route", "Model"),
    ("team", "Its owner now"),
    ("changed", "Changed since it was approved"),
    ("tier", "Tier"),
    ("data_class", "Data class"),
    ("purpose", "What the model is for"),
    ("calls", "Calls in 30 days, counted when this was asked"),
    ("card_hash", "Model card now, SHA-256"),
    ("policy", "Revision of the policies now"),
    ("standing", "Answers that still stand"),
    ("approval", "The approval, by its request"),
    ("grant", "The grant"),
)


def describe_ground(held: Held, changed: Sequence[str], revision: str) -> dict[str, Any]:
    """Return what a stale approval would rest on if it were answered now."""
    return {
        "changed": list(changed),
        "team": held.owner.name,
        "card_hash": card_hash(held.model.card),
        "policy": revision,
    }


async def describe_reapproval(
    session: AsyncSession, held: Held, changed: Sequence[str], revision: str, calls: int
) -> dict[str, Any]:
    """Return what is signed of it; `standing` has one group for each answer that is not to be repeated."""
    answers = [json.loads(row.groups) for row in await _standing(session, held.grant.change_id, changed)]
    return {
        "route": held.route.name,
        **describe_ground(held, changed, revision),
        "tier": held.model.tier.value,
        "data_class": held.model.data_class.value,
        "purpose": held.model.purpose,
        "calls": calls if VOLUME in changed else None,
        "standing": [group for groups in answers for group in groups[:1]],
        "approval": str(held.grant.change_id),
        "grant": str(held.grant.id),
    }


async def _standing(session: AsyncSession, approval: UUID, changed: Sequence[str]) -> Sequence[Review]:
    answers = await _answers(session, approval)
    return [one for one in answers if not to_repeat(changed, json.loads(one.groups))]


async def _answers(session: AsyncSession, approval: UUID) -> Sequence[Review]:
    query = select(Review).where(
        col(Review.change_id) == approval, col(Review.decision) == ReviewDecision.APPROVE
    )
    return (await session.exec(query.order_by(col(Review.created)))).all()


async def _check(services: Services, session: AsyncSession, content: Content) -> Objection | None:
    held = await find_held(session, UUID(content["grant"]), services.clock())
    if held is None:
        return Objection("grant_ended", "The grant has ended.")
    revision = (await services.policies.active(session)).revision
    ground = describe_ground(held, await changed_of(session, held.grant.id), revision)
    if ground != {name: content[name] for name in GROUND}:
        return Objection("ground_changed", "What it rests on has changed again; ask for it anew.")
    return None


async def changed_of(session: AsyncSession, grant_id: UUID) -> list[str]:
    """Return what was noticed to have changed since a grant was approved; nothing where it holds."""
    basis = await session.get(GrantBasis, grant_id, populate_existing=True)
    return basis.stale.split(",") if basis and basis.stale else []


async def _does(_services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    held = await find_held(session, UUID(content["grant"]), None)
    if held is None:
        return []
    ends = to_text(held.grant.ends)[:10]
    until = f"Calls go on until {ends}, as they were approved, whatever is answered here."
    what = ", ".join(in_words(content["changed"]))
    then = "The approval rests on what is there now."
    return [
        Consequence(label="What changed", text=f"{what[:1].upper()}{what[1:]}."),
        Consequence(label="From then on", text=f"{then} {until}"),
    ]


async def _confirm(work: UnitOfWork, session: AsyncSession, found: KeptChange, _now: int) -> Sequence[Row]:
    content = found.content
    grant_id, approval = UUID(content["grant"]), UUID(content["approval"])
    held = await find_held(session, grant_id, None, for_change=True)
    if objection := await _check(work.services, session, content):
        raise objection.error()
    basis = await session.get_one(GrantBasis, grant_id, with_for_update=True)
    if held is not None:
        _rest_on(basis, held, content)
    session.add(basis)
    await work.record(
        Action.APPROVAL_CONFIRM,
        resource=Resource("access_request", approval),
        request=approval,
        grant=grant_id,
        parts=[Part(name="confirmed", subject=None, content={"changed": content["changed"]})],
    )
    return ()


def _rest_on(basis: GrantBasis, held: Held, content: Content) -> None:
    calls = content["calls"] if content["calls"] is not None else basis.monthly_calls
    fresh = make_basis(held.grant.id, held.model, {"monthly_calls": calls}, content["policy"])
    for name in ("card_fields", "owner_team_id", "policy_revision", "monthly_calls"):
        setattr(basis, name, getattr(fresh, name))
    basis.stale, basis.stale_since = "", None


async def _gainers(
    _services: Services, session: AsyncSession, content: Content, _answering: frozenset[UUID]
) -> frozenset[UUID]:
    """Return who calls by it, but for an owner's own model, and whose answer stands: nobody answers twice."""
    standing = await _standing(session, UUID(content["approval"]), content["changed"])
    given = {one for row in standing for one in (row.reviewer_id, row.stands_for) if one}
    held = await find_held(session, UUID(content["grant"]), None)
    if held is None or _is_its_own(held):
        return frozenset(given)
    return (await gainers_of(session, [held.grant]))[held.grant.id] | given


def _is_its_own(held: Held) -> bool:
    grant = held.grant
    return grant.principal_type is PrincipalType.TEAM and grant.principal_id == held.model.team_id


async def _prefill(
    _services: Services, session: AsyncSession, content: Content, person: UUID
) -> Mapping[str, str]:
    """Return the answer that somebody gave, as they gave it; they sign it anew, or say something else."""
    given = [one for one in await _answers(session, UUID(content["approval"])) if one.reviewer_id == person]
    return {"decision": given[-1].decision.value, "meaning": given[-1].meaning} if given else {}


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.REAPPROVAL,
        lambda content: f"Answer anew for calls of {content['route']}",
        _check,
        _does,
        _confirm,
        gainers=_gainers,
        team=lambda content: str(content["team"]),
        about=lambda content: {name: content[name] for name in ("tier", "data_class", "purpose", "standing")},
        area=("Reviews", "/reviews"),
        labels=LABELS,
        answer_hint="For example: I have read what changed, and I still answer for this use.",
        fewest=lambda content: FEWEST_PEOPLE - len(content["standing"]),
        prefill=_prefill,
    ),
)
register(*KINDS)
