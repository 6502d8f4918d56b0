"""Whether a policy can be replaced once it decides: whatever else it says, another must be able to follow it.

People made up for it walk the whole way: one of each role asks that another revision decides, and one of each
group that the plan names answers. What stops even them could be replaced by nobody, however wrong it proved.
"""

from collections.abc import Sequence
from typing import Final

from policy.decide import conclude, plan_document, read_plan
from policy.decision import Document, Entrypoint, Query
from policy.errors import DeciderFailedError, DeciderTimeoutError
from policy.evaluator import Evaluator
from policy.facts import (
    describe_change_of,
    describe_context,
    describe_resource,
    describe_review,
    describe_subject,
    groups_of,
)
from policy.models import ChangeKind
from policy.permissions import Permission
from policy.plan import Plan

ROLES: Final = ("admin", "auditor", "reviewer")
KIND: Final = ChangeKind.POLICY.value
CHANGE: Final = "change"
NOW: Final = 1_797_000_000
ACR: Final = "strong"
UNPLANNED: Final = "no plan says who agrees to another policy: once this one decides, none could follow it"
UNASKED: Final = "nobody may ask for another policy: once this one decides, none could follow it"
UNANSWERED: Final = "nobody could answer for another policy: once this one decides, none could follow it"


def what_stops(evaluator: Evaluator) -> str | None:
    """Say why no policy could follow the one that is loaded, None where one could.

    The evaluator needs the entrypoints of decisions and plans.
    """
    askers = (_person("asker", role) for role in ROLES)
    if not any(_allows(evaluator, one, Permission.CHANGE_CREATE, None) for one in askers):
        return UNASKED
    plan = _plan(evaluator, _change())
    if plan is None:
        return UNPLANNED
    return None if _is_answered(evaluator, plan) else UNANSWERED


def _is_answered(evaluator: Evaluator, plan: Plan) -> bool:
    """Let one person after the other agree until nothing is missing; each has to be counted."""
    reviews: list[Document] = []
    while plan.missing:
        change, reviewer = _change(reviews), _member(plan.missing[0].group, f"reviewer-{len(reviews)}")
        if not _allows(evaluator, reviewer, Permission.CHANGE_REVIEW, change):
            return False
        reviews.append(describe_review(str(reviewer["id"]), "approve", groups_of(reviewer, "")))
        then = _plan(evaluator, _change(reviews))
        if then is None or _lacking(then) >= _lacking(plan):
            return False
        plan = then
    return True


def _lacking(plan: Plan) -> int:
    return sum(entry.count for entry in plan.missing)


def _member(group: str, name: str) -> Document:
    """Return somebody who is in this group and in no other."""
    kind, _, team = group.partition(":")
    return _person(name, "", [team]) if kind == "owner" else _person(name, kind)


def _person(name: str, role: str, owned: Sequence[str] = ()) -> Document:
    return describe_subject(
        id=name,
        kind="person",
        method="session",
        teams=owned,
        owner_of=owned,
        roles=[(role, "all")] if role else (),
        acr=ACR,
        auth_time=NOW,
    )


def _change(reviews: Sequence[Document] = ()) -> Document:
    return describe_change_of(KIND, id=CHANGE, requester="asker", content_hash="", reviews=reviews)


def _allows(evaluator: Evaluator, subject: Document, action: Permission, change: Document | None) -> bool:
    context = describe_context(now=NOW, allowed_acr=[ACR], profile="embedded", change=change)
    resource = describe_resource("change", id=CHANGE if change else None, kind=KIND)
    query = Query(subject, action, resource, (), context)
    result = _evaluate(evaluator, Entrypoint.DECISION, query.document())
    return conclude(query, result, revision="", engine="").allow


def _plan(evaluator: Evaluator, change: Document) -> Plan | None:
    result = _evaluate(evaluator, Entrypoint.PLAN, plan_document(change))
    try:
        return read_plan(result, "") if isinstance(result, dict) else None
    except (KeyError, TypeError):
        return None


def _evaluate(evaluator: Evaluator, entrypoint: Entrypoint, document: object) -> object:
    """Ask as an engine is asked; an engine that fails at it has answered nothing."""
    try:
        return evaluator.evaluate(entrypoint, document)
    except (DeciderFailedError, DeciderTimeoutError):
        return None
