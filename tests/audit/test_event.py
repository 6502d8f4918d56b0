from dataclasses import FrozenInstanceError
from uuid import uuid4

import pytest

from audit.event import Event, Outcome, Part, Resource
from audit.events import Action


def test_an_event_needs_only_its_action_and_actor() -> None:
    event = Event(action=Action.AUDIT_READ, actor=None)
    assert event.id.version == 7
    assert (event.outcome, event.reasons, event.parts) == (Outcome.SUCCESS, (), ())


def test_ids_are_new_and_ordered() -> None:
    first, second = (Event(action=Action.AUDIT_READ, actor=None) for _ in range(2))
    assert first.id < second.id


def test_events_are_frozen() -> None:
    event = Event(action=Action.AUDIT_READ, actor=uuid4())
    with pytest.raises(FrozenInstanceError):
        event.actor = None  # type: ignore[call-arg, misc]


def test_shapes_are_built_by_name_only() -> None:
    with pytest.raises(TypeError):
        Resource("route", None)  # type: ignore[call-arg, misc]
    assert Part(name="call", subject=None, content={}).name == "call"
