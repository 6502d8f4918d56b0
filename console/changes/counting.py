"""What an answer counts as: in whose name it is given, and what becomes of the change by it. No database."""

from collections.abc import Sequence
from uuid import UUID

from console.changes.facts import AnsweredChange
from console.changes.forms import ReviewCreate
from console.changes.standing import Voice
from policy.approvals import Approval, missing
from policy.changes import ChangeFacts, ReviewFacts, approvals, confirm, review
from policy.errors import StaleContentError
from policy.models import ChangeState, ReviewDecision
from policy.plan import Plan


def choose_voice(found: AnsweredChange, voices: Sequence[Voice], plan: Plan) -> Voice:
    """Return in whose name an answer helps most: the person's own, unless only a deputy's is asked for."""
    facts = found.for_rules(0, plan)
    barred, given = facts.askers | facts.parties, approvals(facts)
    own, *rest = voices
    standing = [own, *(one for one in rest if one.others.isdisjoint(barred))]

    def left(voice: Voice) -> int:
        added = Approval(found.change.id, found.counting(voice, plan))  # anybody who has not answered yet
        return sum(entry.count for entry in missing(plan.required, [*given, added]))

    return min(standing, key=left)


def groups_for(found: AnsweredChange, voice: Voice, plan: Plan) -> frozenset[str]:
    """Return the groups, of those that are asked, for which an answer counts."""
    return found.counting(voice, plan) & {entry.group for entry in plan.required}


def decide(
    person_id: UUID, found: AnsweredChange, answer: ReviewCreate, voice: Voice, *, plan: Plan, now: int
) -> ChangeFacts:
    """Apply the rules to what is there now: roles lost since an earlier review no longer count.

    Raises:
        ChangeRefusedError: the answer may not be given, or what it approves cannot be carried out.
    """
    groups = groups_for(found, voice, plan)
    facts = ReviewFacts(person_id, answer.decision, groups, answer.content_hash, voice.others)
    after = review(found.for_rules(now, plan), facts, plan)
    stale = found.why_stale()
    if answer.decision is ReviewDecision.APPROVE and stale is not None:
        raise StaleContentError(stale)
    if after.state is ChangeState.APPROVED:
        confirm(after, plan)
    return after
