"""A realm that only answers what the sync asks, from a document: no Keycloak, but our client, HTTP and all.

What a real one does is seen in test_real_sync; this one is quick, and tells how often it was asked for what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

import httpx
import orjson
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from pydantic import SecretStr

from sso.directory_settings import DirectorySettings
from tests.real.big_realm import big_realm

NAME: Final = "told"
HERE: Final = "http://127.0.0.1:1"
BASE: Final = f"/admin/realms/{NAME}"
TOKEN: Final = {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}
SHOWN: Final = ("id", "username", "enabled", "firstName", "lastName", "email")
Json = Any
Query = dict[str, str]


@dataclass
class ToldRealm:
    """A realm as an ASGI application; a test changes `users`, and adds events with `tell`.

    `asked` counts questions by their address, with ID in the place of ids; `failing` ones get no answer.
    """

    users: dict[str, Json]
    groups: dict[str, Json]
    joined: dict[str, list[str]]
    events: list[Json] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    failing: str | None = None

    @classmethod
    def sized(cls, people: int, teams: int, memberships: int) -> ToldRealm:
        """Return a realm of so many, with groups as large companies have them."""
        document = big_realm(NAME, people, teams, memberships)
        users = {one["id"]: one for one in document["users"]}
        groups = {group["id"]: group for one in document["groups"] for group in _groups("", one)}
        joined = {name: [_id(path) for path in one["groups"]] for name, one in users.items()}
        return cls(users, groups, joined)

    @staticmethod
    def settings(url: str) -> DirectorySettings:
        """Return the settings of whoever follows it at `url`."""
        return DirectorySettings(server_url=url, realm=NAME, client_secret=SecretStr("not asked for"))

    def __post_init__(self) -> None:
        self._members: dict[str, list[str]] = {group: [] for group in self.groups}
        for name, groups in self.joined.items():
            for group in groups:
                self._members[group].append(name)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[KeycloakAdmin]:
        """Yield our client of it, without a server between."""
        connection = KeycloakOpenIDConnection(
            server_url=f"{HERE}/", realm_name=NAME, client_id="guildhall-directory", token=dict(TOKEN)
        )
        await connection.async_s.aclose()
        transport = httpx.ASGITransport(app=self)
        connection.async_s = httpx.AsyncClient(transport=transport)
        yield KeycloakAdmin(connection=connection)
        await connection.aclose()

    def disable(self, name: str, time: int) -> None:
        """Disable somebody, and tell of it; times are Keycloak's, in milliseconds."""
        self.users[name] = {**self.users[name], "enabled": False}
        self.tell("UPDATE", "USER", f"users/{name}", time)

    def tell(self, operation: str, kind: str, path: str, time: int) -> None:
        """Add an event of an administrator."""
        said = {"operationType": operation, "resourceType": kind, "resourcePath": path, "time": time}
        self.events.append({"id": f"event-{len(self.events)}", **said})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        status, found = self._answer(scope["path"], query)
        body = orjson.dumps(found)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _answer(self, path: str, query: Query) -> tuple[int, Json]:
        if not path.startswith(BASE):
            return 200, TOKEN
        steps = path.removeprefix(BASE).split("/")[1:]
        question = "/".join("ID" if step in self.joined or step in self.groups else step for step in steps)
        self.asked[question] += 1
        if question == self.failing:
            return 503, {"error": "away"}
        found = self._found(steps, query)
        return (404, {"error": "not found"}) if found is None else (200, found)

    def _found(self, steps: list[str], query: Query) -> Json:
        match steps:
            case []:
                return {"defaultRole": {"name": "default-roles"}}
            case ["users" | "roles", *rest]:
                return self._of_users(rest, query)
            case ["groups", *rest]:
                return self._of_groups(rest, query)
            case ["admin-events"]:
                since = int(query.get("dateFrom", 0))
                return _page([one for one in self.events if one["time"] >= since], query)
        return []  # events of people, and organisations: there are none

    def _of_users(self, rest: list[str], query: Query) -> Json:
        match rest:
            case ["count"]:
                return len(self.users)
            case [name]:
                return self._shown(name)
            case [name, "groups"]:
                return [self.groups[group] for group in self.joined.get(name, ())]
            case ["default-roles", "users"]:
                return [self._shown(name) for name in _page(list(self.users), query)]
        raise AssertionError(f"nobody told this realm of users {rest}")

    def _of_groups(self, rest: list[str], query: Query) -> Json:
        match rest:
            case ["count"]:
                return {"count": len(self.groups)}
            case []:
                return _page([one for group, one in self.groups.items() if group.count(".") == 1], query)
            case [group, "children"]:
                inside = [one for name, one in self.groups.items() if name.startswith(f"{group}.")]
                return _page(inside, query)
            case [group, "members"]:
                return [self._shown(name) for name in _page(self._members[group], query)]
        raise AssertionError(f"nobody told this realm of groups {rest}")

    def _shown(self, name: str) -> Json | None:
        one = self.users.get(name)
        return None if one is None else {field: one[field] for field in SHOWN}


async def _live(receive: Any, send: Any) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _groups(above: str, group: Json) -> list[Json]:
    path, inside = f"{above}/{group['name']}", group.get("subGroups", ())
    about = {"name": group["name"], "path": path, "subGroupCount": len(inside), "subGroups": []}
    return [{"id": _id(path), **about}, *(found for one in inside for found in _groups(path, one))]


def _id(path: str) -> str:
    # One step of an address.
    return path.replace("/", ".")


def _page(items: list[Any], query: Query) -> list[Any]:
    first = int(query.get("first", 0))
    return items[first : first + int(query.get("max", 100))]
