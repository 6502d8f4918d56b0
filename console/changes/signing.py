"""Signing on a page: whether this sign-in may sign just now, and what a person is told when it may not."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from console.changes.forms import ReviewCreate
from console.clock import seconds
from console.errors import RefusedError
from console.web.forms import Form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.models import SignInUse

Result = TypeVar("Result")


def confirm_path(next_path: str) -> str:
    """Return where a person proves once more who they are, and comes back from."""
    return "/step-up?" + urlencode({"next_path": next_path})


async def may_sign(work: UnitOfWork) -> bool:
    """Say whether the present sign-in is fresh, strong, and has not signed yet."""
    proof = work.principal.authentication
    allowed = work.services.sign_in.allowed_acr(proof.issuer)
    if not proof.is_stepped_up(seconds(work.now), allowed):
        return False
    async with work.read() as session:
        return await session.get(SignInUse, proof.sign_in_key()) is None


async def submit_signed(
    sent: Form[ReviewCreate], act: Callable[[ReviewCreate], Awaitable[Result]]
) -> tuple[Form[ReviewCreate], Result | None]:
    """Sign what was typed; a sign-in too old, too weak or spent comes back as a sentence in the form.

    Raises:
        NotFoundError, RefusedError: as `act`, but for a missing step-up.
    """
    try:
        return await submit(sent, act)
    except RefusedError as error:
        return replace(sent, errors={"": told_step_up(error)}, data=None), None


def told_step_up(error: RefusedError) -> str:
    """Return the sentence for a sign-in too old, too weak or spent.

    Raises:
        RefusedError: it is refused for another reason.
    """
    if not any(item.get("type") == "step_up" for item in error.obligations):
        raise error
    return "Confirm that it is you before you sign: a sign-in signs once, within five minutes."
