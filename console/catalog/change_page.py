"""The page on which something else is said of a model: its owner, its risk, and who finds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.catalog.explained import explain_access
from console.catalog.forms import ModelUpdate, RouteDetail
from console.catalog.model_change import STRICTER, update_model
from console.catalog.queries import route_detail
from console.changes.carrying import Carried
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A model, and the values each of its properties can have, the strictest last."""

    model: RouteDetail
    options: Mapping[str, Sequence[str]]
    form: Form[ModelUpdate]


async def open_change(work: UnitOfWork, name: str, form: Form[ModelUpdate] | None = None) -> ChangePage:
    """Return the page on which the model is changed.

    Raises:
        NotFoundError: no such model, or none this principal may know of.
        RefusedError: the caller does not own it.
    """
    model = await route_detail(work, name)
    resource, _ = await explain_access(work, name)
    await work.authorize(Permission.MODEL_UPDATE, resource)
    options = {name: [str(value) for value in values] for name, values in STRICTER.items()}
    return ChangePage(model, options, form or Form())


async def send_change(
    work: UnitOfWork, name: str, typed: Mapping[str, str]
) -> tuple[Form[ModelUpdate], Carried | None]:
    """Do or ask for what was chosen."""
    return await submit(read_form(ModelUpdate, typed), lambda data: update_model(work, name, data))
