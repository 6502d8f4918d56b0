"""What is typed to have a model published: its facts, the sections of its card, and its first version."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from console.catalog.drafts import Draft
from console.catalog.forms import Form, ModelPublish, Name, Task, Text, Title, checked_card
from console.catalog.names import MODEL, MODEL_RULE
from console.catalog.version_form import VersionForm
from console.errors import InvalidInputError
from console.models import DataClass, Tier, Visibility

SECTIONS: Final = ("intended_use", "limits", "data")
FACTS: Final = frozenset(
    {"team", "name", "title", "summary", "task", "purpose", "visibility", "tier", "data_class", "reason"}
)
WHOLE: Final = 100
"""The weight of the one version there is: it answers every call that names none."""


def _model_name(text: str) -> str:
    if not MODEL.fullmatch(text):
        raise ValueError(MODEL_RULE)
    return text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")  # browsers send both; a card is the same wherever it was written


Section = Annotated[str, Field(max_length=20_000), AfterValidator(_lines)]


class Described(Form):
    """What is said of a model; the sections of its card are Markdown."""

    team: Name
    name: Annotated[str, AfterValidator(_model_name)]
    title: Title
    summary: Text
    task: Task
    purpose: Text
    visibility: Visibility
    tier: Tier
    data_class: DataClass
    intended_use: Section = ""
    limits: Section = ""
    data: Section = ""


class PublishForm(VersionForm, Described):
    """A model and its first version."""

    def asked(self, draft: Draft | None) -> ModelPublish:
        """Return what publishing takes; a model is called under the name of its team.

        Raises:
            InvalidInputError: there is no such draft, its version is no label, or the card is too large.
        """
        version = {**self.served_as(draft), "weight": WHOLE}
        said = self.model_dump(include=set(FACTS))
        return ModelPublish(**said, namespace=self.team, card=self._model_card(), versions=[version])

    def _model_card(self) -> dict[str, Any]:
        card = {name: text for name in SECTIONS if (text := getattr(self, name))}
        try:
            return checked_card(card)
        except ValueError as error:
            longest = max(card, key=lambda name: len(card[name]))
            raise InvalidInputError(str(error), ("card_too_large",), {longest: str(error)}) from None
