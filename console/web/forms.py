"""Forms as people fill them: what they typed, and one sentence per mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


# By pydantic's error type; the braces name what the error carries besides.
SENTENCES: Mapping[str, str] = {
    "bool_parsing": "Choose yes or no.",
    "enum": "Choose one of the options.",
    "extra_forbidden": "This form has no such field.",
    "greater_than_equal": "Enter {ge} or more.",
    "int_parsing": "Enter a whole number.",
    "less_than_equal": "Enter {le} or less.",
    "literal_error": "Choose one of the options.",
    "missing": "Fill this in.",
    "string_too_long": "Write at most {max_length} characters.",
    "string_too_short": "Write at least {min_length} characters.",
}


# Without slots: a generic class with them cannot be called as Form[Model]() in Python 3.11.
@dataclass(frozen=True)
class Form(Generic[Model]):
    """A form's state: ``values`` to show again, ``errors`` by field (``""`` for the whole form).

    ``data`` is the valid model, or None when there are errors.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    data: Model | None = None

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed into a field."""
        return self.values.get(name, default)

    def error(self, name: str) -> str | None:
        """Return the sentence beside a field, if it has a mistake."""
        return self.errors.get(name)


def read_form(model: type[Model], typed: Mapping[str, str]) -> Form[Model]:
    """Check what was typed against ``model`` (whose extra fields are forbidden)."""
    values = {name: value for name, value in typed.items() if name != "_csrf"}
    try:
        return Form(values, {}, model.model_validate(values))
    except ValidationError as mistakes:
        return Form(values, sentences(mistakes))


def sentences(mistakes: ValidationError) -> dict[str, str]:
    """Return the first mistake of each field as a sentence; what was typed is never repeated in it."""
    found: dict[str, str] = {}
    for mistake in mistakes.errors(include_url=False, include_input=False):
        name = str(mistake["loc"][0]) if mistake["loc"] else ""
        found.setdefault(name, as_sentence(mistake["type"], mistake["msg"], mistake.get("ctx", {})))
    return found


def as_sentence(kind: str, message: str, limits: Mapping[str, object]) -> str:
    """Return our sentence for a kind of mistake; for other kinds, pydantic's own as a sentence."""
    if kind in SENTENCES:
        return SENTENCES[kind].format(**limits)
    text = message.removeprefix("Value error, ").replace("String", "This").replace("Input", "This")
    return text if text.endswith(".") else text + "."
