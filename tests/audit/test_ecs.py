import re
from typing import Any
from uuid import UUID

import orjson
import pytest

from audit import ecs
from audit.errors import HeadError
from audit.event import Outcome, Resource
from audit.events import EVENT_TYPES
from audit.head import Head

ORIGIN = "guildhall.test/audit/log"
LEAF = bytes(range(32))
# https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-category and -event-type
CATEGORIES = {
    *("api", "authentication", "configuration", "database", "driver", "email", "file", "host", "iam"),
    *("intrusion_detection", "library", "malware", "network", "package", "process", "registry", "session"),
    *("threat", "vulnerability", "web"),
}
TYPES = {
    *(
        "access",
        "admin",
        "allowed",
        "change",
        "connection",
        "creation",
        "deletion",
        "denied",
        "device",
        "end",
    ),
    *("error", "group", "indicator", "info", "installation", "protocol", "start", "user"),
}


def make_head(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "id": UUID(int=1),
        "time": 1_790_000_000_123_456,
        "action": "model.invoke",
        "outcome": Outcome.SUCCESS,
        "producer": "gateway-1",
        "number": 9,
        "retention": "invoke",
    }
    return Head(**{**fields, **changes}).to_bytes()


def make_document(head: bytes) -> dict[str, Any]:
    return ecs.document(7, head, LEAF, origin=ORIGIN)


def test_a_whole_head_becomes_this_document() -> None:
    head = make_head(
        outcome=Outcome.DENIED,
        reasons=("no_grant", "role_missing:auditor"),
        flags=("single_person",),
        actor=UUID(int=2),
        resource=Resource(type="route", id=UUID(int=3)),
        request=UUID(int=4),
        grant=UUID(int=5),
        decision=UUID(int=6),
        evaluation=UUID(int=7),
        policy="a" * 64,
        state="b" * 64,
        body="c" * 64,
    )
    assert make_document(head) == {
        "@timestamp": "2026-09-21T14:13:20.123456Z",
        "ecs": {"version": "9.4.0"},
        "event": {
            "action": "model.invoke",
            "category": ["api"],
            "dataset": "guildhall.audit",
            "hash": LEAF.hex(),
            "id": str(UUID(int=1)),
            "kind": "event",
            "module": "guildhall",
            "original": head.decode(),
            "outcome": "failure",
            "reason": "no_grant, role_missing:auditor",
            "sequence": 7,
            "severity": 1,
            "type": ["access", "denied"],
        },
        "guildhall": {
            "body": "c" * 64,
            "decision": str(UUID(int=6)),
            "evaluation": str(UUID(int=7)),
            "flags": ["single_person"],
            "grant": str(UUID(int=5)),
            "log": ORIGIN,
            "number": 9,
            "outcome": "denied",
            "policy": "a" * 64,
            "producer": "gateway-1",
            "reasons": ["no_grant", "role_missing:auditor"],
            "request": str(UUID(int=4)),
            "resource": {"id": str(UUID(int=3)), "type": "route"},
            "retention": "invoke",
            "state": "b" * 64,
        },
        "rule": {"ruleset": "a" * 64},
        "user": {"id": str(UUID(int=2))},
    }


def test_a_person_acted_on_is_the_target() -> None:
    document = make_document(make_head(resource=Resource(type="person", id=UUID(int=3))))
    assert document["user"] == {"target": {"id": str(UUID(int=3))}}


def test_what_the_product_found_by_itself_is_an_alert() -> None:
    event = make_document(make_head(action="sink.tamper", retention="audit"))["event"]
    assert (event["kind"], event["severity"]) == ("alert", 5)


def test_no_two_documents_share_what_can_be_changed() -> None:
    one, other = make_document(make_head()), make_document(make_head())
    one["event"]["type"].append("changed")
    assert other["event"]["type"] == ["access"]


def test_what_a_head_lacks_the_document_lacks() -> None:
    document = make_document(make_head())
    assert "user" not in document
    assert "reason" not in document["event"]
    assert document["guildhall"].keys() == {"log", "outcome", "producer", "number", "retention"}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.SUCCESS, "success"),
        (Outcome.FAILURE, "failure"),
        (Outcome.DENIED, "failure"),
        (Outcome.UNKNOWN, "unknown"),
    ],
)
def test_outcomes_are_the_three_ecs_knows_and_ours_beside(outcome: Outcome, expected: str) -> None:
    document = make_document(make_head(outcome=outcome))
    assert document["event"]["outcome"] == expected
    assert document["guildhall"]["outcome"] == outcome
    assert ("denied" in document["event"]["type"]) is (outcome is Outcome.DENIED)


@pytest.mark.parametrize("action", sorted(EVENT_TYPES))
def test_every_action_has_values_ecs_allows(action: str) -> None:
    event = make_document(make_head(action=action))["event"]
    assert set(event["category"]) <= CATEGORIES
    assert set(event["type"]) <= TYPES


def test_an_action_from_another_version_still_ships() -> None:
    event = make_document(make_head(action="future.act"))["event"]
    assert (event["category"], event["type"]) == (["configuration"], ["info"])


def test_no_two_fields_of_the_head_are_lost() -> None:
    document = orjson.dumps(make_document(make_head(actor=UUID(int=2)))).decode()
    values = re.findall(r'"([^"]+)"', make_head(actor=UUID(int=2)).decode())
    assert [value for value in values[1::2] if value not in document] == []


@pytest.mark.parametrize("head", [b"", b"\xff", b"[]", b"{}", b'{"v":1}'])
def test_bytes_that_are_no_head_are_refused_and_kept_as_they_are(head: bytes) -> None:
    with pytest.raises(HeadError):
        make_document(head)
    kept: dict[str, Any] = ecs.original_only(7, head, LEAF, origin=ORIGIN)
    assert kept["event"]["original"] == head.decode("utf-8", "backslashreplace")
    assert ecs.stated_leaf(kept) == LEAF.hex()


@pytest.mark.parametrize("document", [{}, {"event": None}, {"event": {}}, {"event": {"hash": 5}}])
def test_a_document_without_a_hash_states_none(document: dict[str, object]) -> None:
    assert ecs.stated_leaf(document) is None
