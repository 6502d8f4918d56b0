"""What a key may do at most: the list in code, the one in the bundle, and the floor below any bundle."""

import json
from pathlib import Path

import pytest

from policy import bundles
from policy.decision import Query
from policy.facts import describe_subject
from policy.programs import PROGRAMS, refused_by_key

DATA = Path(bundles.__file__).parent / "rego" / "data.json"


def asked(action: str, *, scopes: list[str], routes: list[str] | None = None, **route: str) -> str | None:
    subject = describe_subject(id="x", kind="person", method="key", key_scopes=scopes, key_routes=routes)
    return refused_by_key(Query(subject, action, {"type": "route", **route}))


def test_code_and_bundle_name_the_same() -> None:
    named = json.loads(DATA.read_text())["guildhall"]["programs"]
    assert sorted(named) == sorted(permission.value for permission in PROGRAMS)


@pytest.mark.parametrize("part", ["review", "approve", "create", "rotate", "revoke", "withdraw"])
def test_programs_answer_nothing_and_look_after_nobody(part: str) -> None:
    assert not [one for one in PROGRAMS if part in one.value.partition(".")[2]]


def test_the_floor_holds_whatever_the_bundle_says() -> None:
    assert asked("model.invoke", scopes=["model.invoke"]) is None
    assert asked("model.invoke", scopes=["model.read"]) == "key_scope_missing:model.invoke"
    assert asked("change.review", scopes=["change.review"]) == "key_scope_missing:change.review"
    assert asked("model.invoke", scopes=["model.invoke"], routes=["a.b"], name="a.b") is None
    assert asked("model.invoke", scopes=["model.invoke"], routes=["a.b"], name="a.c") == "key_not_for_route"
    assert asked("model.invoke", scopes=["model.invoke"], routes=[]) == "key_not_for_route"


def test_it_says_nothing_of_whoever_comes_without_a_key() -> None:
    person = describe_subject(id="x", kind="person", method="session")
    assert refused_by_key(Query(person, "change.review", {})) is None
    assert "key_scopes" not in person
