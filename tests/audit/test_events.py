import re
from string import Formatter
from typing import get_args

from audit.events import EVENT_TYPES, Action, Retention

# Allowed values of event.category and event.type, https://www.elastic.co/docs/reference/ecs
CATEGORIES = {"api", "authentication", "configuration", "database", "host", "iam", "process", "session"}
TYPES = {"access", "admin", "change", "creation", "deletion", "end", "group", "info", "start", "user"}


def test_actions_are_alphabetical() -> None:
    assert [str(action) for action in Action] == sorted(Action)


def test_actions_have_the_form_of_the_design() -> None:
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+){1,2}", action) for action in Action)
    assert all(action.name == action.value.upper().replace(".", "_") for action in Action)


def test_one_type_per_action() -> None:
    assert list(EVENT_TYPES) == list(Action)
    assert all(kind.action is action for action, kind in EVENT_TYPES.items())


def test_sentences_name_actor_and_resource_only() -> None:
    for kind in EVENT_TYPES.values():
        names = {name for _, name, _, _ in Formatter().parse(kind.sentence) if name is not None}
        assert names <= {"actor", "resource"}


def test_retention_and_ecs_values_are_known() -> None:
    for kind in EVENT_TYPES.values():
        assert kind.retention in get_args(Retention)
        assert kind.category
        assert kind.type
        assert set(kind.category) <= CATEGORIES
        assert set(kind.type) <= TYPES
