"""What every caller finds: one of each thing an address can name, so that a refusal is not an absence."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from tests.console.conftest import Catalog
from tests.console.matrix.sent import ASKED, NOBODY, SERVICE

NAMES = {"models": "risk.credit-default", "routes": "risk.credit-default", "teams": "risk"}
"""Which name an address takes, by the part before it."""


@dataclass(frozen=True)
class World:
    """The ids by the name of the parameter that takes them; a name of a route stands for `name`."""

    ids: dict[str, str]

    def fill(self, path: str) -> str:
        """Return a path with every parameter in its place."""
        parts = path.split("/")
        return "/".join(self._part(before, part) for before, part in zip(["", *parts], parts, strict=False))

    def _part(self, before: str, part: str) -> str:
        if not part.startswith("{"):
            return part
        name, _, kind = part.strip("{}").partition(":")
        unknown = NOBODY if kind == "uuid" else "unknown"
        return NAMES.get(before, unknown) if name == "name" else self.ids.get(name, unknown)


async def make_world(
    api: httpx2.AsyncClient, tokens: dict[str, str], catalog: Catalog, person: UUID
) -> World:
    """Let the owner make a service with a key, and the member ask for access and make a key."""

    async def post(who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        sent = await api.post(path, json=body, headers={"authorization": f"Bearer {tokens[who]}"})
        assert sent.status_code in {200, 201}, (path, sent.text)
        return dict(sent.json())

    made = {"name": "nightly", "scopes": ["model.invoke", "self.read"], "days": 30}
    request = await post("member", "/access-requests", ASKED)
    key = await post("member", "/keys", made)
    account = await post("owner", "/service-accounts", SERVICE | {"name": "nightly"})
    return World(
        {
            "name": catalog.credit.name,
            "request_id": str(request["id"]),
            "key_id": str(key["key"]["id"]),
            "account_id": str(account["id"]),
            "address": "0/000",
            "person_id": str(person),
            "bearer": str(key["token"]),
        }
    )
