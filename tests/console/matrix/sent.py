"""What callers send: bodies that their models take, and forms as people would fill them."""

from typing import Any, Final

from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import BaseModel

WHY: Final = "It is needed just now."
ASKED: Final = {
    "route": "risk.credit-default",
    "team": "retail",
    "purpose": "Score shops",
    "duration_days": 30,
}
KEY: Final = {"name": "nightly", "scopes": ["self.read"], "days": 30}
RULE: Final = {"claim": "groups", "value": "risk-night", "role": "member", "team": "risk", "scope": "all"}
SERVICE: Final = {"team": "risk", "name": "weekly", "purpose": "Scores the week's applications"}
NOBODY: Final = "01890000-0000-4000-8000-000000000000"
"""An id that nothing has; of no version that tells a time, so that nobody waits for it."""
PUBLISHED: Final = {
    "team": "risk",
    "name": "night",
    "title": "Night",
    "summary": "Says what the night brings.",
    "task": "classification",
    "purpose": "planning",
    "visibility": "listed",
    "tier": "low",
    "data_class": "internal",
    "deployment": NOBODY,
    "reason": WHY,
}

BODIES: Final[dict[str, dict[str, Any]]] = {
    "AccessRequestCreate": ASKED,
    "DefaultAsk": {"label": "9", "reason": WHY},
    "DisclosureAsk": {"sink": "file", "details": True, "reason": WHY},
    "ClusterMove": {"url": "http://127.0.0.1:9/", "reason": WHY},
    "DelegationCreate": {"deputy": "bystander", "days": 5, "reason": WHY},
    "ErasureAsk": {"person": "bystander", "reason": WHY},
    "HoldCreate": {"actor": "bystander", "reason": WHY},
    "IdentityLinkAsk": {"person": "bystander", "other": "member", "reason": WHY},
    "KeyCreate": KEY,
    "ModelUpdate": {"tier": "low", "reason": WHY},
    "LogKeyAsk": {"act": "rotate", "reason": WHY},
    "MembershipCreate": {"person": "bystander", "team": "risk", "role": "member", "reason": WHY},
    "Preview": {"person": "bystander"},
    "OrphanGive": {"team": "vision", "reason": WHY},
    "PromoteAsk": {"cluster": "nobody", "upstream_name": "credit", "label": "9", "reason": WHY},
    "RoleCreate": {"person": "bystander", "role": "reviewer", "scope": "all", "reason": WHY},
    "ServiceAccountCreate": SERVICE,
    "TeamCreate": {"name": "night"},
}
"""By the name of the model, where made-up values would name nothing, or contradict each other."""

FORMS: Final[dict[str, dict[str, str]]] = {
    "/admin/break-glass": {"findings": WHY},
    "/admin/clusters/{name:str}/move": {"url": "http://127.0.0.1:9/", "reason": WHY},
    "/admin/clusters": {"name": "night", "url": "http://127.0.0.1:9/"},
    "/admin/directories/ask": {"name": "night", "expires": "2027-06-01", "reason": WHY},
    "/grants": {"reason": WHY},
    "/keys/{key_id:uuid}/rotate": {"grace_hours": "1"},
    "/keys": {"reason": WHY},
    "/me/deputies": {"deputy": "bystander", "days": "5", "reason": WHY},
    "/me/keys": {"name": "nightly", "days": "30"},
    "/models/{name:str}/request": {key: str(value) for key, value in ASKED.items() if key != "route"},
    "/models/{name:str}/change": {"tier": "low", "reason": WHY},
    "/models/{name:str}/default": {"label": "9", "reason": WHY},
    "/models/{name:str}/remove": {"label": "9", "reason": WHY},
    "/models/{name:str}/versions": {"deployment": NOBODY, "reason": WHY},
    "/models/publish": PUBLISHED,
    "/models": {"reason": WHY},
    "/people/keys/revoke": {"key": NOBODY, "reason": WHY},
    "/people/rules/preview": {"person": "bystander"},
    "/people/rules": RULE | {"matcher": "exact", "reason": WHY},
    "/people/teams/{name:str}/members": {"person": "bystander", "role": "member", "reason": WHY},
    "/people/teams": {"name": "night"},
    "/people/{person_id:uuid}/link": {"other": "bystander", "reason": WHY},
    "/people/{person_id:uuid}/roles": {"role": "reviewer", "scope": "all", "reason": WHY},
    "/people": {"reason": WHY},
    "/policies/rollback": {"reason": WHY},
    "/policies": {"path": "data.json", "text": "{}", "days": "1", "reason": WHY},
    "/reviews/orphans": {"model": "risk.credit-default", "team": "vision", "reason": WHY},
    "/records/hold": {"actor": "bystander", "reason": WHY},
    "/service-accounts/{account_id:uuid}/keys": {"name": "nightly", "days": "30"},
    "/service-accounts/{account_id:uuid}/disable": {"reason": WHY},
    "/service-accounts": SERVICE,
}
"""By how an address begins; the first that fits."""


def body_of(model: type[BaseModel] | None, issuer: str) -> dict[str, Any]:
    """Return a body that the model takes; without a model, a call of the Open Inference Protocol."""
    if model is None:
        return {"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1]}]}
    if model.__name__ in BODIES:
        return BODIES[model.__name__]
    factory = ModelFactory.create_factory(model, __random_seed__=7, __allow_none_optionals__=False)
    try:
        found = factory.build().model_dump(mode="json")
    except ValueError:  # its fields depend on each other: what is sent is refused as a body, after the door
        found = {}
    own = {"reason": WHY, "issuer": issuer} | (RULE if "matcher" in model.model_fields else {})
    return found | {name: value for name, value in own.items() if name in model.model_fields}


def form_of(path: str) -> dict[str, str]:
    """Return what a person would type into the form that is sent to this address."""
    fits = [form for start, form in FORMS.items() if path == start or path.startswith(f"{start}/")]
    return fits[0] if fits else {}
