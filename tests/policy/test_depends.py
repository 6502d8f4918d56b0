"""What a bundle declares its answers to rest on, and that they rest on nothing else."""

import asyncio
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from policy.bundles import Bundle, read_bundle
from policy.decision import Entrypoint
from policy.depends import covers, is_reusable, read_depends
from policy.embedded import EmbeddedDecider
from tests.contracts.test_decider import generated
from tests.patience import PATIENCE

DECLARED = read_depends(read_bundle())
DOCUMENTS = 250


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedDecider]:
    opened = EmbeddedDecider(decision_seconds=PATIENCE)
    yield opened
    asyncio.run(opened.close())


def bundle_of(depends: object) -> Bundle:
    return Bundle({"data.json": json.dumps({"guildhall": {"depends": depends}})}, "r")


def test_calls_are_declared_and_what_needs_a_fresh_sign_in_is_not() -> None:
    assert DECLARED.keys() == {"model.describe", "model.invoke"}
    assert all(is_reusable(fields) for fields in DECLARED.values())


@pytest.mark.parametrize(
    "malformed", [None, [], "all", {"a.b": "grants"}, {"a.b": ["grants", 1]}, {"a": ["x"]}]
)
def test_a_declaration_that_is_not_well_formed_is_none(malformed: object) -> None:
    assert read_depends(bundle_of(malformed)) == {}


def test_a_bundle_without_data_declares_nothing() -> None:
    assert read_depends(Bundle({}, "r")) == {}
    assert read_depends(Bundle({"data.json": "{"}, "r")) == {}


def test_a_field_is_covered_by_itself_and_by_what_it_is_part_of() -> None:
    assert covers(frozenset({"subject"}), "subject.auth.acr")
    assert covers(frozenset({"subject.auth.acr"}), "subject.auth.acr")
    assert not covers(frozenset({"subject.auth.acr"}), "subject.auth")
    assert not is_reusable(frozenset({"grants", "context.allowed_acr"}))


def otherwise(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same question, with each field in turn that is not declared holding something else."""
    subject, context = document["subject"], document["context"]
    fields = DECLARED[document["action"]]
    other: Any
    for name, other in (("acr", "silver"), ("auth_time", 7)):
        assert not covers(fields, f"subject.auth.{name}")
        yield name, {**document, "subject": {**subject, "auth": {**subject["auth"], name: other}}}
    for name, other in (("profile", "embedded"), ("allowed_acr", ["x"]), ("change", {"kind": "odd"})):
        assert not covers(fields, f"context.{name}")
        yield name, {**document, "context": {**context, name: other}}


def _grant_it(document: dict[str, Any], random: Random) -> None:
    """Let one of the grants be the caller's own on this route, as a rule until soon."""
    for grant in document["grants"][:1]:
        subject, now = document["subject"], document["context"]["now"]
        own = {"principal_type": subject["kind"], "principal_id": subject["id"]}
        own |= {"resource_id": document["resource"]["id"], "permission": "model.invoke"}
        grant.update(own, **random.choice(({}, {"starts": 1, "ends": now + 300})))


async def answer(engine: EmbeddedDecider, document: dict[str, Any]) -> Any:
    return (await engine.evaluate(Entrypoint.DECISION, document)).result


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20260505])
async def test_an_answer_rests_on_what_is_declared_and_on_time_only_through_its_end(
    engine: EmbeddedDecider, seed: int
) -> None:
    random, ended, without_end = Random(seed), 0, 0  # noqa: S311 - a seed makes it repeatable
    for number in range(DOCUMENTS):
        document = generated(random, ["model.invoke"])
        document["action"] = random.choice(sorted(DECLARED))
        document["resource"]["type"] = "route"  # what is called
        _grant_it(document, random)
        first, context = await answer(engine, document), document["context"]
        for name, other in otherwise(document):
            assert await answer(engine, other) == first, f"seed {seed}, document {number}, {name}"
        until = first["valid_until"]
        late = context["now"] + 10**8 if until is None else until - 1
        later = {**document, "context": {**context, "now": late}}
        assert await answer(engine, later) == first, f"seed {seed}, document {number}, until {until}"
        ended, without_end = ended + (until is not None), without_end + (until is None)
    assert min(ended, without_end) > DOCUMENTS // 20
