"""Our events against the published schema of OCSF, as ocsf-json-schema carries it."""

from functools import cache
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from audit import ocsf
from audit.errors import HeadError
from audit.event import Outcome, Resource
from audit.events import EVENT_TYPES, Action
from audit.events.declared import OTHER
from audit.head import Head
from audit.sinks.told import Told

pytestmark = pytest.mark.slow

ORIGIN = "log.example/audit"
LEAF = bytes(range(32))
FULL: dict[str, Any] = {
    "reasons": ("no_grant", "role_missing:auditor"),
    "flags": ("single_person",),
    "actor": UUID(int=2),
    "resource": Resource(type="person", id=UUID(int=3)),
    "request": UUID(int=4),
    "grant": UUID(int=5),
    "decision": UUID(int=6),
    "evaluation": UUID(int=7),
    "policy": "a" * 64,
    "state": "b" * 64,
    "body": "c" * 64,
}


@cache
def published() -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version=ocsf.OCSF_VERSION))


@cache
def validator(name: str, profiles: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(published().get_class_schema(name, profiles=list(profiles)))


def mistakes(event: dict[str, Any]) -> list[str]:
    name = published().lookup_class_name_from_uid(event["class_uid"])
    profiles = tuple(event["metadata"].get("profiles", ()))
    return [
        f"{error.instance_path}: {error.message}" for error in validator(name, profiles).iter_errors(event)
    ]


def an_event(action: Action, outcome: Outcome, told: Told | None = None, **fields: Any) -> dict[str, Any]:
    head = Head(
        id=UUID(int=1),
        time=1_790_000_000_123_456,
        action=action,
        outcome=outcome,
        producer="gateway-1",
        number=9,
        retention=EVENT_TYPES[action].retention,
        **fields,
    )
    return ocsf.document(7, head.to_bytes(), LEAF, origin=ORIGIN, told=told)


@pytest.mark.parametrize("action", Action)
def test_every_act_with_every_outcome_is_valid(action: Action) -> None:
    for outcome in Outcome:
        for fields in (FULL, {}, {"resource": Resource(type="route", id=None)}):
            assert mistakes(an_event(action, outcome, **fields)) == []


@pytest.mark.parametrize("action", Action)
def test_names_are_those_the_schema_gives_the_numbers(action: Action) -> None:
    event = an_event(action, Outcome.SUCCESS)
    classes = get_ocsf_schema(version=ocsf.OCSF_VERSION)["classes"]
    told = classes[published().lookup_class_name_from_uid(event["class_uid"])]
    named = told["attributes"]["activity_id"]["enum"]
    activities = {int(number): item["caption"] for number, item in named.items()}
    assert (event["class_name"], event["category_name"]) == (told["caption"], told["category_name"])
    assert event["activity_id"] == OTHER or event["activity_name"] == activities[event["activity_id"]]
    assert event["activity_id"] != OTHER or event["activity_name"] not in activities.values()
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]


def test_the_schema_refuses_what_is_not_its_own() -> None:
    event = an_event(Action.MODEL_INVOKE, Outcome.SUCCESS, **FULL)
    assert mistakes({**event, "record_integrity": {}})
    assert mistakes({name: value for name, value in event.items() if name != "src_endpoint"})
    assert mistakes({**event, "activity_id": 5})


def test_a_call_becomes_this_event() -> None:
    route = {"resource": Resource(type="route", id=UUID(int=3))}
    event = an_event(Action.MODEL_INVOKE, Outcome.DENIED, **{**FULL, **route})
    assert (event["class_uid"], event["activity_id"], event["type_uid"]) == (6003, 99, 600399)
    assert event["metadata"]["profiles"] == ["ai_operation", "security_control"]
    assert (event["status_id"], event["disposition_id"]) == (2, 2)
    assert event["status_detail"] == "no_grant, role_missing:auditor"
    assert event["time"] == 1_790_000_000_123
    assert event["actor"] == {"user": {"uid": str(UUID(int=2))}}
    assert event["ai_model"]["name"] == str(UUID(int=3))
    assert event["metadata"]["correlation_uid"] == str(UUID(int=4))
    proof = event["unmapped"]["record_integrity"]["attestation_list"][0]
    assert (proof["chain_uid"], proof["fingerprint"]["value"]) == (ORIGIN, LEAF.hex())


@pytest.mark.parametrize("action", [Action.MODEL_INVOKE, Action.SESSION_CREATE, Action.GRANT_REVOKE])
def test_an_event_with_details_is_valid_too(action: Action) -> None:
    event = an_event(action, Outcome.SUCCESS, told=Told({"source.ip": "203.0.113.7", "message": "m"}, ("a",)))
    assert mistakes(event) == []
    assert event["unmapped"]["details"] == {
        "disclosed": ["a"],
        "message": "m",
        "source": {"ip": "203.0.113.7"},
    }


def test_an_act_of_another_version_is_a_base_event() -> None:
    head = an_event(Action.MODEL_INVOKE, Outcome.SUCCESS)["raw_data"].replace("model.invoke", "future.act")
    event = ocsf.document(7, head.encode(), LEAF, origin=ORIGIN)
    assert (event["class_uid"], mistakes(event)) == (0, [])


def test_bytes_that_are_no_head_are_refused_and_kept_as_they_are() -> None:
    with pytest.raises(HeadError):
        ocsf.document(7, b"\xff", LEAF, origin=ORIGIN)
    kept = ocsf.original_only(7, b"\xff", LEAF, origin=ORIGIN)
    assert (kept["raw_data"], mistakes(kept)) == ("\\xff", [])
