"""Our words against the published Elastic Common Schema, as its own package holds it: @elastic/ecs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audit import ecs
from audit.event import Outcome, Resource
from audit.events import EVENT_TYPES, Action
from audit.head import Head
from audit.sinks.mapping import DETAILS, MAPPING

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
READ = """
const { EcsFlat } = require("@elastic/ecs/build/commonjs/ecs_flat.js");
const { EcsVersion } = require("@elastic/ecs");
process.stdout.write(JSON.stringify({ version: EcsVersion, fields: EcsFlat }));
"""
FIELDS: Mapping[str, Any] = {
    "reasons": ("no_grant",),
    "flags": ("single_person",),
    "actor": UUID(int=2),
    "request": UUID(int=4),
    "grant": UUID(int=5),
    "decision": UUID(int=6),
    "evaluation": UUID(int=7),
    "policy": "a" * 64,
    "state": "b" * 64,
    "body": "c" * 64,
}
JSON_TYPES: Mapping[str, tuple[type, ...]] = {"keyword": (str,), "date": (str,), "long": (int,), "ip": (str,)}


@cache
def published() -> dict[str, Any]:
    node = Path(sys.executable).parent / "node"
    told = subprocess.run([node, "-e", READ], cwd=ROOT, check=True, capture_output=True, timeout=60)
    read: dict[str, Any] = json.loads(told.stdout)
    return read


def field(name: str) -> dict[str, Any]:
    found: dict[str, Any] = published()["fields"][name]
    return found


def allowed(name: str) -> dict[str, set[str]]:
    return {item["name"]: set(item.get("expected_event_types", ())) for item in field(name)["allowed_values"]}


def an_example(action: Action, outcome: Outcome) -> dict[str, object]:
    head = Head(
        id=UUID(int=1),
        time=1_790_000_000_123_456,
        action=action,
        outcome=outcome,
        resource=Resource(type="person", id=UUID(int=3)),
        producer="gateway-1",
        number=9,
        retention=EVENT_TYPES[action].retention,
        **FIELDS,
    )
    return ecs.document(7, head.to_bytes(), bytes(32), origin="log.example/audit")


def flatten(found: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def mapped(mapping: Mapping[str, Any] = MAPPING, path: str = "") -> Iterator[tuple[str, str]]:
    for name, told in mapping["properties"].items():
        if "properties" in told:
            yield from mapped(told, f"{path}{name}.")
        else:
            yield f"{path}{name}", told["type"]


def test_documents_state_the_version_they_are_checked_against() -> None:
    assert published()["version"] == ecs.ECS_VERSION


@pytest.mark.parametrize("action", Action)
def test_every_field_of_every_act_is_published_and_has_its_type(action: Action) -> None:
    examples = [an_example(action, outcome) for outcome in Outcome]
    for name, value in (pair for example in examples for pair in flatten(example)):
        if name.startswith("guildhall."):
            continue
        told = field(name)
        many = "array" in told["normalize"]
        assert isinstance(value, list) is many, name
        for one in value if isinstance(value, list) else [value]:
            assert type(one) in JSON_TYPES[told["type"]], name
            if told.get("allowed_values"):
                assert one in allowed(name), name


@pytest.mark.parametrize("action", Action)
def test_types_are_those_expected_of_the_category(action: Action) -> None:
    kind, categories = EVENT_TYPES[action], allowed("event.category")
    assert set(kind.type) <= set().union(*(categories[name] for name in kind.category))


def test_elasticsearch_is_given_the_published_types() -> None:
    ours = {name: kind for name, kind in mapped() if not name.startswith("guildhall.")}
    # Nanoseconds keep our six digits; Elasticsearch reads them as any date.
    assert ours.pop("@timestamp") == "date_nanos"
    # Not every build has the published types of these; the plain ones search alike.
    assert (ours.pop("message"), ours.pop("url.original")) == ("text", "keyword")
    assert ours == {name: field(name)["type"] for name in ours}


def test_every_field_of_a_document_is_mapped() -> None:
    filled = {name for name, _ in flatten(an_example(Action.MODEL_INVOKE, Outcome.DENIED))}
    details = {name for name, _ in mapped({"properties": DETAILS})}
    assert filled == {name for name, _ in mapped()} - details
    told = {one.ecs for kind in EVENT_TYPES.values() for part in kind.parts for one in part.fields if one.ecs}
    # The id of an event is its entry's own.
    assert details == told - {"event.id"} | {"guildhall.disclosed"}


def test_every_detail_names_a_published_field() -> None:
    named = {item.ecs for kind in EVENT_TYPES.values() for part in kind.parts for item in part.fields}
    assert named - {None} <= published()["fields"].keys()
