"""No form takes what no page shows and PostgreSQL does not keep; each field of text of each form is asked."""

import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from console import asgi
from console.catalog.forms import Form

assert asgi.__name__  # it imports every area, and with it every form
SIGNS = ("\x00", "\x1b", "\ud800")


def _forms(kind: type[Form] = Form) -> Iterator[type[Form]]:
    for one in kind.__subclasses__():
        yield one
        yield from _forms(one)


def _takes_text(annotation: Any) -> bool:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(_takes_text(one) for one in typing.get_args(annotation))
    return annotation is str


FIELDS = [
    pytest.param(form, name, id=f"{form.__module__}.{form.__qualname__}.{name}")
    for form in sorted(set(_forms()), key=lambda one: (one.__module__, one.__qualname__))
    for name, field in form.model_fields.items()
    if _takes_text(field.annotation)
]


@pytest.mark.parametrize(("form", "name"), FIELDS)
def test_a_control_character_is_named_as_a_mistake_of_its_field(form: type[Form], name: str) -> None:
    for sign in SIGNS:
        with pytest.raises(ValidationError) as refused:
            form.model_validate({name: f"why{sign}not"})
        mistakes = [one for one in refused.value.errors() if one["loc"] == (name,)]
        assert len(mistakes) == 1


def test_lines_and_tabs_are_text() -> None:
    class Note(Form):
        text: str
        lines: tuple[str, ...] = ()

    assert Note(text="first\r\n\tsecond").text == "first\r\n\tsecond"
    with pytest.raises(ValidationError, match="control characters"):
        Note(text="fine", lines=("fine", "not\x00"))
