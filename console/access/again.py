"""Who is to answer anew for an approval that went stale, as the notice tells it."""

from collections.abc import Sequence

from console.access.basis import OWNER
from console.access.facts import RequestFacts
from console.changes.asked import Answers
from console.changes.forms import ReviewRead
from policy.facts import groups_of


def is_asked_again(found: RequestFacts, mine: Answers, repeat: Sequence[ReviewRead]) -> bool:
    """Say whether this person is one of those whose answer it takes; what they sign is decided anew then.

    The groups are those of the answers to repeat, an owner's of the team that owns the model now; without an
    answer (approved by policy) they are those that the request asked.
    """
    if mine.away or found.change.requester_id in mine.bars or mine.person_id in found.parties:
        return False
    asked = {group for one in repeat for group in one.groups} or {entry.group for entry in found.required}
    wanted = {f"{OWNER}:{found.team}" if group.startswith(f"{OWNER}:") else group for group in asked}
    groups = {group for subject in mine.subjects for group in groups_of(subject, found.team)}
    return bool(groups & wanted)
