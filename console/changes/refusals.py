"""What the pure rules refuse, as errors that people and programs are told about."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from console.errors import ConflictError, RefusedError
from console.work import UnitOfWork
from policy.errors import (
    AlreadyReviewedError,
    ChangeClosedError,
    ChangeRefusedError,
    NotApprovedError,
    StaleContentError,
)

CONFLICTS: Final = (AlreadyReviewedError, ChangeClosedError, NotApprovedError, StaleContentError)


@contextmanager
def told(work: UnitOfWork) -> Iterator[None]:
    """Turn a rule's refusal into a conflict (what was seen is not what is there) or into a refusal.

    Raises:
        ConflictError: 409, with the rule's code as reason.
        RefusedError: 403, with the rule's code as reason.
    """
    try:
        yield
    except CONFLICTS as error:
        raise ConflictError(str(error), (error.code,)) from None
    except ChangeRefusedError as error:
        decided = work.decision.id if work.decision else None
        raise RefusedError(str(error), (error.code,), decision_id=decided) from None
