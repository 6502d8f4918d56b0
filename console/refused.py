"""A denial as the error that tells of it."""

from typing import Final

from console.errors import NotFoundError, PolicyUndecidedError, RefusedError
from policy.decision import Decision, PolicyUnavailable

UNDECIDED: Final = "No decision could be had just now, and undecided is refused. Try again in a moment."


def refusal(decision: Decision) -> NotFoundError | PolicyUndecidedError | RefusedError:
    """Return the error that tells a principal about a denial."""
    if isinstance(decision, PolicyUnavailable):
        return PolicyUndecidedError(UNDECIDED, decision.reasons)
    if "not_found" in decision.reasons:
        return NotFoundError("There is nothing here by that name.", ("not_found",))
    return RefusedError(
        "This is not allowed.", decision.reasons, decision_id=decision.id, obligations=decision.obligations
    )
