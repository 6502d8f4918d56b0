"""What policy raises. Every error carries the stable reason code that callers and records show."""


class PolicyError(Exception):
    """Root of the tree; ``code`` is a stable snake_case reason."""

    code = "policy_error"


class DeciderFailedError(PolicyError):
    """The engine is not there, broke, or answered with an error."""


class DeciderTimeoutError(PolicyError):
    """The engine did not answer within its deadline."""

    code = "policy_timeout"


class UndecidedError(PolicyError):
    """A plan or a scope could not be had: 503 ``policy_unavailable``, never an empty answer."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Policy gave no usable answer ({code}).")
        self.code = code


class MalformedDocumentError(PolicyError, ValueError):
    """A value that is no canonical JSON of ours: a float, a huge integer, a broken string, another type."""


class MalformedScopeError(PolicyError, ValueError):
    """A scope that is not alternatives of conditions, or names a field or operator that is not allowed."""

    code = "policy_wrong_type"


class BundleError(PolicyError):
    """A policy folder that cannot be read or compiled."""


class ChangeRefusedError(PolicyError):
    """A change may not go where it was asked to go."""

    code = "change_refused"


class ChangeClosedError(ChangeRefusedError):
    """The change is decided already."""

    code = "change_closed"


class RequesterMayNotDecideError(ChangeRefusedError):
    """Nobody reviews their own change."""

    code = "requester_may_not_decide"


class PartyMayNotDecideError(ChangeRefusedError):
    """Nobody reviews a change that they gain by, or that is about them."""

    code = "party_may_not_decide"


class AlreadyReviewedError(ChangeRefusedError):
    """One review per person."""

    code = "already_reviewed"


class StaleContentError(ChangeRefusedError):
    """The review signs another content than the change has now."""

    code = "stale_content"


class NotAskedToReviewError(ChangeRefusedError):
    """None of the reviewer's groups is asked."""

    code = "not_asked_to_review"


class OnlyRequesterMayWithdrawError(ChangeRefusedError):
    """A change is withdrawn by whoever asked for it."""

    code = "only_requester_may_withdraw"


class NotApprovedError(ChangeRefusedError):
    """The approvals do not, or no longer, carry the change."""

    code = "not_approved"


class InvalidRequestError(PolicyError, ValueError):
    """An access request outside its bounds; the message names field and bound."""

    code = "invalid_request"
