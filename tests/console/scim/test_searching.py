"""Filters, pages, order and entity tags, as directories use them."""

import pytest

from tests.console.scim.conftest import Directory

pytestmark = pytest.mark.slow


async def found(directory: Directory, path: str, **query: str) -> list[str]:
    answer = await directory.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [one.get("userName") or one["displayName"] for one in answer.json().get("Resources", [])]


async def test_filters_find_by_name_id_content_and_members(directory: Directory) -> None:
    mail = [{"value": "ada@a.example", "type": "work", "primary": True}]
    ada = await directory.user("Ada@a.example", externalId="x-1", emails=mail, title="Countess")
    await directory.user("bob", externalId="x-2", active=False)
    await directory.group("Readers", ada)
    filters = {
        'userName eq "ada@A.example"': ["Ada@a.example"],
        'externalId eq "x-2"': ["bob"],
        f'id eq "{ada["id"]}"': ["Ada@a.example"],
        'emails[type eq "work" and value eq "ada@a.example"]': ["Ada@a.example"],
        'title sw "count" and active eq true': ["Ada@a.example"],
        "active eq false": ["bob"],
        'not (userName eq "bob")': ["Ada@a.example"],
        'userName eq "bob" or title pr': ["Ada@a.example", "bob"],
        'userName eq "nobody"': [],
    }
    for text, names in filters.items():
        assert await found(directory, "/Users", filter=text) == names, text
    for text in (
        f'members.value eq "{ada["id"]}"',
        f'members[value eq "{ada["id"]}"]',
        'displayName eq "readers"',
    ):
        assert await found(directory, "/Groups", filter=text) == ["Readers"], text
    assert (await directory.client.get("/Users", params={"filter": "userName eq"})).status_code == 400


async def test_pages_and_order(directory: Directory) -> None:
    for name in ("c", "a", "b"):
        await directory.user(name, externalId=name)
    assert await found(directory, "/Users", sortBy="userName") == ["a", "b", "c"]
    assert await found(directory, "/Users", sortBy="userName", sortOrder="descending", count="2") == [
        "c",
        "b",
    ]
    page = (await directory.client.get("/Users", params={"startIndex": "2", "count": "1"})).json()
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (3, 1, 2)
    assert (await directory.client.get("/Users", params={"count": "0"})).json()["totalResults"] == 3


async def test_an_entity_tag_of_before_changes_nothing(directory: Directory) -> None:
    made = await directory.user("ada", externalId="ada")
    path, old = f"/Users/{made['id']}", made["meta"]["version"]
    body = {**made, "title": "Countess"}
    first = await directory.client.put(path, json=body, headers={"If-Match": old})
    assert first.status_code == 200, first.text
    assert first.headers["etag"] != old
    late = await directory.client.put(path, json={**made, "title": "Late"}, headers={"If-Match": old})
    assert late.status_code == 412
    unchanged = await directory.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert unchanged.status_code == 304
