"""A head as an event of the Open Cybersecurity Schema Framework, 1.8.0: references, like its ECS twin.

Source: https://schema.ocsf.io/1.8.0. What the schema has no attribute for is under ``unmapped``; so is what
proves the entry, in the form of the profile ``record_integrity`` that the next version has. What
the schema requires and a head does not hold, such as the address of a caller, is given as unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.ecs import original_text, read_fields
from audit.events import EVENT_TYPES
from audit.events.declared import EventType, OcsfClass, Severity
from audit.head import parse_time
from audit.sinks.told import MARK, Told, spread

OCSF_VERSION: Final = "1.8.0"
PRODUCT: Final = {"name": "Guildhall", "vendor_name": "Guildhall", "uid": "guildhall"}
UNKNOWN: Final = "unknown"
_SHA256: Final = {"algorithm": "SHA-256", "algorithm_id": 3}
_BLOCKED: Final = {"action": "Denied", "action_id": 2, "disposition": "Blocked", "disposition_id": 2}
_UNSURE: Final = {"status": "Unknown", "status_id": 0}
STATUSES: Final[Mapping[str, Mapping[str, object]]] = {
    "success": {"status": "Success", "status_id": 1},
    "failure": {"status": "Failure", "status_id": 2},
    "denied": {"status": "Failure", "status_id": 2, **_BLOCKED},
    "unknown": _UNSURE,
}
"""What OCSF says of an outcome; a refusal is a failure that was blocked."""

_PLACED: Final = frozenset({"v", "id", "time", "action"})
_CALLS: Final = frozenset({"model.describe", "model.invoke", "model.invoke.open"})
_CAPTIONS: Final = {
    OcsfClass.DETECTION_FINDING: ("Findings", "Detection Finding"),
    OcsfClass.ACCOUNT_CHANGE: ("Identity & Access Management", "Account Change"),
    OcsfClass.AUTHENTICATION: ("Identity & Access Management", "Authentication"),
    OcsfClass.ENTITY_MANAGEMENT: ("Identity & Access Management", "Entity Management"),
    OcsfClass.APPLICATION_LIFECYCLE: ("Application Activity", "Application Lifecycle"),
    OcsfClass.API_ACTIVITY: ("Application Activity", "API Activity"),
    OcsfClass.DATASTORE_ACTIVITY: ("Application Activity", "Datastore Activity"),
}
_BASE: Final[Mapping[str, object]] = {
    "activity_id": 0,
    "activity_name": "Unknown",
    "category_name": "Uncategorized",
    "category_uid": 0,
    "class_name": "Base Event",
    "class_uid": 0,
    "severity": "Informational",
    "severity_id": 1,
    "type_uid": 0,
}
Fields = Mapping[str, Any]


def document(
    index: int, head: bytes, leaf: bytes, *, origin: str, told: Told | None = None
) -> dict[str, object]:
    """Return the event of one entry; the arguments are those of ``audit.ecs.document``.

    Raises:
        HeadError: the bytes are not a head.
    """
    fields = read_fields(head)
    act = _ACTS.get(fields["action"], _UNKNOWN_ACT)
    status = STATUSES.get(fields["outcome"], _UNSURE)
    found: dict[str, Any] = {
        **act.words,
        **status,
        "metadata": _metadata(fields, index, origin),
        "raw_data": original_text(head),
        "time": parse_time(fields["time"]) // 1000,
        "unmapped": _unmapped(fields, leaf, origin),
        **act.write(fields, origin),
    }
    if "reasons" in fields:
        found["status_detail"] = ", ".join(map(str, fields["reasons"]))
    if told is not None:
        _tell(found, told)
    return found


def original_only(index: int, head: bytes, leaf: bytes, *, origin: str) -> dict[str, object]:
    """Return the smallest event of an entry, for when the whole one cannot be made or was refused."""
    metadata = {"log_name": origin, "product": PRODUCT, "sequence": index, "version": OCSF_VERSION}
    unmapped = {"record_integrity": _integrity(leaf, origin)}
    return {**_BASE, "metadata": metadata, "raw_data": original_text(head), "time": 0, "unmapped": unmapped}


def _tell(found: dict[str, Any], told: Told) -> None:
    """Add details: an address in its place where the class has one, all of them by their ECS names."""
    details: dict[str, Any] = {MARK: list(told.subjects)}
    spread(details, told.fields)
    found["unmapped"]["details"] = details
    if "src_endpoint" in found and "source.ip" in told.fields:
        found["src_endpoint"] = {"ip": told.fields["source.ip"]}


def _metadata(fields: Fields, index: int, origin: str) -> dict[str, object]:
    action = fields["action"]
    metadata: dict[str, object] = {
        "event_code": action,
        "log_name": origin,
        "original_time": fields["time"],
        "product": PRODUCT,
        "sequence": index,
        "uid": fields["id"],
        "version": OCSF_VERSION,
    }
    if "request" in fields:
        metadata["correlation_uid"] = fields["request"]
    profiles = ["ai_operation"] if action in _CALLS else []
    if fields["outcome"] == "denied":
        profiles.append("security_control")
    if profiles:
        metadata["profiles"] = profiles
    return metadata


def _unmapped(fields: Fields, leaf: bytes, origin: str) -> dict[str, object]:
    own = {name: fields[name] for name in fields if name not in _PLACED}
    return {"guildhall": own, "record_integrity": _integrity(leaf, origin)}


def _integrity(leaf: bytes, origin: str) -> dict[str, object]:
    # The next version has this as a profile at the top; until it is published, nothing else may stand there.
    return {"attestation_list": [{"chain_uid": origin, "fingerprint": {**_SHA256, "value": leaf.hex()}}]}


def _actor(fields: Fields) -> dict[str, object]:
    return {"user": {"uid": fields["actor"]}} if "actor" in fields else {"app_name": PRODUCT["name"]}


def _resource(fields: Fields) -> dict[str, Any]:
    resource = fields.get("resource", {})
    place = {"uid": resource["id"]} if "id" in resource else {}
    kind = str(resource.get("type", UNKNOWN))
    return {"name": kind, "type": kind, **place}


def _of_entity(fields: Fields, _origin: str) -> dict[str, object]:
    return {"actor": _actor(fields), "entity": _resource(fields)}


def _of_account(fields: Fields, _origin: str) -> dict[str, object]:
    resource = _resource(fields)
    user = {"uid": resource["uid"]} if "uid" in resource else {"name": UNKNOWN}
    return {"actor": _actor(fields), "user": user}


def _of_authentication(fields: Fields, origin: str) -> dict[str, object]:
    return {**_of_account(fields, origin), "service": {"name": PRODUCT["name"]}}


def _of_call(fields: Fields, _origin: str) -> dict[str, object]:
    resource = _resource(fields)
    name = resource.get("uid", UNKNOWN)
    return {
        "actor": _actor(fields),
        "ai_model": {"ai_provider": PRODUCT["name"], "name": name},
        "api": {"operation": fields["action"], "service": {"name": PRODUCT["name"]}},
        "resources": [resource],
        "src_endpoint": {"name": UNKNOWN},
    }


def _of_log(fields: Fields, origin: str) -> dict[str, object]:
    source = {"src_endpoint": {"name": UNKNOWN}}
    return {"actor": _actor(fields), "database": {"name": origin, "type": "Other", "type_id": 99}, **source}


def _of_finding(fields: Fields, _origin: str) -> dict[str, object]:
    told = {"title": fields["action"], "uid": fields["id"]}
    return {"finding_info": told, "is_alert": True, "resources": [_resource(fields)]}


def _of_product(_fields: Fields, _origin: str) -> dict[str, object]:
    return {"app": PRODUCT}


def _of_anything(_fields: Fields, _origin: str) -> dict[str, object]:
    return {}


Writer = Callable[[Fields, str], dict[str, object]]
_WRITERS: Final[Mapping[OcsfClass, Writer]] = {
    OcsfClass.DETECTION_FINDING: _of_finding,
    OcsfClass.ACCOUNT_CHANGE: _of_account,
    OcsfClass.AUTHENTICATION: _of_authentication,
    OcsfClass.ENTITY_MANAGEMENT: _of_entity,
    OcsfClass.APPLICATION_LIFECYCLE: _of_product,
    OcsfClass.API_ACTIVITY: _of_call,
    OcsfClass.DATASTORE_ACTIVITY: _of_log,
}


@dataclass(frozen=True, slots=True)
class _Act:
    """What every event of an act says, and how the attributes of its class are written."""

    words: Mapping[str, object]
    write: Writer


def _act(known: EventType) -> _Act:
    category, name = _CAPTIONS[known.ocsf.class_uid]
    words = {
        "activity_id": known.ocsf.activity_id,
        "activity_name": known.ocsf.activity,
        "category_name": category,
        "category_uid": known.ocsf.category_uid,
        "class_name": name,
        "class_uid": int(known.ocsf.class_uid),
        "severity": Severity(known.severity).name.capitalize(),
        "severity_id": int(known.severity),
        "type_uid": known.ocsf.type_uid,
    }
    return _Act(words, _WRITERS[known.ocsf.class_uid])


_ACTS: Final[Mapping[str, _Act]] = {str(action): _act(kind) for action, kind in EVENT_TYPES.items()}
_UNKNOWN_ACT: Final = _Act(_BASE, _of_anything)
