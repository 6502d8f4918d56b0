"""What of a document is not as wanted: only what the wanted one names is looked at."""

from collections.abc import Iterator, Mapping
from typing import Any

from sso.keycloak.setup.wanted import Document

ADDED_TO = frozenset({"redirectUris", "webOrigins"})
"""Lists that may hold more than we want: ours is added, nothing is taken out."""
SAID_BY_ITSELF = frozenset({"protocolMappers", "name"})


def differences(existing: Document, wanted: Document) -> Iterator[tuple[str, Any]]:
    """Yield each field that differs, and the value it needs."""
    for name, value in wanted.items():
        has = existing.get(name)
        if name in SAID_BY_ITSELF:
            continue
        if name in ADDED_TO:
            if not set(value) <= set(has or []):
                yield name, [*(has or []), *(item for item in value if item not in (has or []))]
        elif isinstance(value, Mapping):
            if any((has or {}).get(key) != item for key, item in value.items()):
                yield name, {**(has or {}), **value}
        elif has != value:
            yield name, value


def mapper_like(existing: Document, wanted: Document) -> Document | None:
    """Return the mapper of a client that stands for `wanted`: of its name, or of its kind and claim."""
    mappers: list[Document] = existing.get("protocolMappers") or []
    for mapper in mappers:
        if mapper["name"] == wanted["name"] or _same_work(mapper, wanted):
            return mapper
    return None


def _same_work(mapper: Document, wanted: Document) -> bool:
    if mapper["protocolMapper"] != wanted["protocolMapper"]:
        return False
    has, needs = mapper.get("config") or {}, wanted["config"]
    if "included.custom.audience" in needs:
        audiences = {has.get("included.custom.audience"), has.get("included.client.audience")}
        return needs["included.custom.audience"] in audiences and has.get("access.token.claim") == "true"
    return bool(has.get("claim.name") == needs["claim.name"])


def mapper_differs(mapper: Document, wanted: Document) -> bool:
    """Say whether a mapper that is there does something else than wanted."""
    has = mapper.get("config") or {}
    needs = {name: value for name, value in wanted["config"].items() if name != "included.custom.audience"}
    return any(has.get(name, "false") != value for name, value in needs.items())
