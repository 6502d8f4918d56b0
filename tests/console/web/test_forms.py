from pydantic import BaseModel, ConfigDict, Field

from console.web.forms import Form, read_form


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(min_length=3)
    days: int = Field(ge=1, le=365)


def test_a_good_form_gives_its_model() -> None:
    form = read_form(Ask, {"purpose": "review", "days": "30", "_csrf": "t"})
    assert form.data == Ask(purpose="review", days=30)
    assert form.errors == {}


def test_each_field_says_its_first_mistake_and_keeps_what_was_typed() -> None:
    form = read_form(Ask, {"purpose": "x", "days": "999"})
    assert form.data is None
    assert form.error("purpose") == "Write at least 3 characters."
    assert form.error("days") == "Enter 365 or less."
    assert form.value("days") == "999"


def test_missing_and_unknown_fields_are_said() -> None:
    form = read_form(Ask, {"days": "soon", "admin": "yes"})
    assert form.errors == {
        "purpose": "Fill this in.",
        "days": "Enter a whole number.",
        "admin": "This form has no such field.",
    }


def test_what_was_typed_is_not_repeated_in_the_sentence() -> None:
    assert "hunter2" not in str(read_form(Ask, {"purpose": "review", "days": "hunter2"}).errors)


def test_an_empty_form_has_defaults() -> None:
    assert Form[Ask]().value("days", "90") == "90"
