"""The page on which something else is said of a model: its card, its owner, its risk, and who finds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.catalog.explained import explain_access
from console.catalog.forms import Form as Sent
from console.catalog.forms import ModelUpdate, Name, RouteDetail, Why, checked_card
from console.catalog.model_change import STRICTER, update_model
from console.catalog.publish_form import SECTIONS, Section
from console.catalog.queries import route_detail
from console.changes.carrying import Carried
from console.errors import InvalidInputError
from console.models import DataClass, Tier, Visibility
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission


class ChangeForm(Sent):
    """What a model is from now on; a section of its card that is not sent stays."""

    tier: Tier | None = None
    data_class: DataClass | None = None
    visibility: Visibility | None = None
    team: Name | None = None
    intended_use: Section | None = None
    limits: Section | None = None
    data: Section | None = None
    reason: Why

    def asked(self, card: Mapping[str, Any]) -> ModelUpdate:
        """Return what changing it takes; `card` is the present one, of which the other members stay.

        Raises:
            InvalidInputError: the card is too large.
        """
        said = self.model_dump(exclude=set(SECTIONS))
        return ModelUpdate(**said, card=self._model_card(card))

    def _model_card(self, card: Mapping[str, Any]) -> dict[str, Any]:
        said = {name: text for name in SECTIONS if (text := getattr(self, name)) is not None}
        changed = {name: text for name, text in said.items() if text != str(card.get(name, "")).strip()}
        together = {name: value for name, value in {**card, **changed}.items() if value != ""}
        try:
            return checked_card(together)
        except ValueError as error:
            longest = max(changed, key=lambda name: len(changed[name]), default="")
            raise InvalidInputError(str(error), ("card_too_large",), {longest: str(error)}) from None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A model, and the values each of its properties can have, the strictest last."""

    model: RouteDetail
    options: Mapping[str, Sequence[str]]
    form: Form[ChangeForm]


async def open_change(work: UnitOfWork, name: str, form: Form[ChangeForm] | None = None) -> ChangePage:
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
) -> tuple[Form[ChangeForm], Carried | None]:
    """Do or ask for what was chosen."""
    return await submit(read_form(ChangeForm, typed), lambda data: _send(work, name, data))


async def _send(work: UnitOfWork, name: str, chosen: ChangeForm) -> Carried:
    card = (await route_detail(work, name)).card
    return await update_model(work, name, chosen.asked(card))
