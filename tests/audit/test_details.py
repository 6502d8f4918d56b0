from collections.abc import Mapping
from enum import StrEnum
from uuid import uuid4

import pytest

from audit.details import check
from audit.errors import DetailError
from audit.event import Event, Part
from audit.events import EVENT_TYPES, Action
from audit.events.declared import Details, Field, Kind
from audit.record import seal
from audit.subjects.keyring import MemoryKeyRing, new_key

PERSON = uuid4()
NO_FORM = "The act cluster.create holds what has no canonical form: "


class Tier(StrEnum):
    HIGH = "high"


EXAMPLES: Mapping[Kind, object] = {
    Kind.TEXT: "text",
    Kind.NUMBER: 7,
    Kind.FLAG: True,
    Kind.TEXTS: ["one", "two"],
    Kind.LIST: [[1, 2], {"a": None}],
    Kind.DOCUMENT: {"a": {"b": 1}},
}


def an_event(action: Action, name: str, content: Mapping[str, object], *, about: bool = True) -> Event:
    part = Part(name=name, subject=PERSON if about else None, content=content)
    return Event(action=action, actor=None, parts=(part,))


def declared() -> list[tuple[Action, Details, Field]]:
    return [
        (action, part, field)
        for action, kind in EVENT_TYPES.items()
        for part in kind.parts
        for field in part.fields
    ]


def test_every_declared_part_is_taken_whole_and_without_any_field() -> None:
    for action, part, _ in declared():
        check(an_event(action, part.name, {field.name: EXAMPLES[field.kind] for field in part.fields}))
        check(an_event(action, part.name, {}))


def test_a_text_of_an_enumeration_is_a_text() -> None:
    check(an_event(Action.MODEL_PUBLISH, "model", {"tier": Tier.HIGH}))


def test_every_field_refuses_every_other_type() -> None:
    for action, part, field in declared():
        for kind, value in EXAMPLES.items():
            fits = kind is field.kind or (field.kind is Kind.LIST and kind is Kind.TEXTS)
            for wrong in [value] if not fits else []:
                with pytest.raises(DetailError, match=f"{action} .*'{field.name}'.*'{part.name}'"):
                    check(an_event(action, part.name, {field.name: wrong}))


def test_null_is_taken_where_it_is_declared_only() -> None:
    for action, part, field in declared():
        event = an_event(action, part.name, {field.name: None})
        if field.null:
            check(event)
        else:
            with pytest.raises(DetailError):
                check(event)


def test_what_is_personal_needs_a_subject() -> None:
    for action, part, field in declared():
        event = an_event(action, part.name, {field.name: EXAMPLES[field.kind]}, about=False)
        if not field.personal:
            check(event)
            continue
        with pytest.raises(DetailError, match=f"{action} holds '{field.name}'.*personal.*subject"):
            check(event)


@pytest.mark.parametrize(
    ("action", "part", "content", "told"),
    [
        (Action.TEAM_CREATE, "tream", {"name": "risk"}, "The act team.create declares no part 'tream'."),
        (
            Action.TEAM_CREATE,
            "team",
            {"size": 5},
            "The act team.create declares no field 'size' in its part 'team'.",
        ),
        (
            Action.TEAM_CREATE,
            "team",
            {"name": 5},
            "The act team.create declares 'name' in its part 'team' as text, not int.",
        ),
        (
            Action.LOG_READ,
            "entries",
            {"first": True},
            "The act log.read declares 'first' in its part 'entries' as integer, not bool.",
        ),
        (
            Action.ACCESS_REQUEST_REVIEW,
            "review",
            {"groups": ["reviewer", 5]},
            "The act access_request.review declares 'groups' in its part 'review' as a list of texts.",
        ),
        (
            Action.CLUSTER_CREATE,
            "decision",
            {"input": {"amount": 0.5}},
            f"{NO_FORM}The value at $.content.input.amount is a float, which has no canonical form.",
        ),
        (
            Action.CLUSTER_CREATE,
            "cluster",
            {"name": "a\ud800"},
            f"{NO_FORM}The string at $.content.name holds a lone surrogate.",
        ),
    ],
)
def test_sealing_refuses_with_one_sentence(
    action: Action, part: str, content: Mapping[str, object], told: str
) -> None:
    keys = MemoryKeyRing([new_key(None), new_key(PERSON)])
    with pytest.raises(DetailError) as refused:
        seal(an_event(action, part, content), time=5, keys=keys)
    assert str(refused.value) == told
    assert refused.value.action == action


@pytest.mark.parametrize("value", ["s3cret", ["s3cret", 5], {"s3cret": 1}])
def test_a_refusal_never_names_a_value(value: object) -> None:
    with pytest.raises(DetailError) as refused:
        check(an_event(Action.SESSION_CREATE, "actor", {"auth_time": value}))
    assert "s3cret" not in str(refused.value)
