"""What a person sent with a form, and the form again when it cannot be done as typed."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from litestar.datastructures import UploadFile
from pydantic import BaseModel

from console.errors import ConflictError, InvalidInputError
from console.web.forms import Form
from console.web.request import ConsoleRequest

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")


async def typed(request: ConsoleRequest) -> dict[str, str]:
    """Return the form's fields; files are left out, because no form of ours takes one."""
    form = await request.form()
    return {name: str(value) for name, value in form.items() if not isinstance(value, UploadFile)}


async def submit(
    form: Form[Model], act: Callable[[Model], Awaitable[Result]]
) -> tuple[Form[Model], Result | None]:
    """Do `act` with what was typed, once that is valid.

    What `act` finds wrong with it comes back as sentences in the form, whose `data` is then None.
    """
    if form.data is None:
        return form, None
    try:
        return form, await act(form.data)
    except (ConflictError, InvalidInputError) as error:
        return Form(form.values, dict(error.fields) or {"": error.detail}), None
