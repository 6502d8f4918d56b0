"""Users a directory writes: they become people who can sign in, and stop being able to when it says so."""

import pytest

from sso.models import PersonState
from tests.console.conftest import Admit
from tests.console.scim.conftest import Directory
from tests.console.visitor import heads

pytestmark = pytest.mark.slow

ADA = {"externalId": "demo-ada", "displayName": "Ada L.", "emails": [{"value": "ada@a.example"}]}


async def test_a_user_is_the_person_who_signs_in_with_its_external_id(
    directory: Directory, admit: Admit
) -> None:
    made = await directory.user("ada@a.example", **ADA)
    assert (made["userName"], made["externalId"], made["active"]) == ("ada@a.example", "demo-ada", True)
    assert made["meta"]["location"] == f"{directory.client.base_url}Users/{made['id']}"
    person = await directory.person("demo-ada")
    assert person is not None
    assert person.id != made["id"]
    assert (await admit("ada", ())).id == person.id
    acts = [str(head["action"]) for head in await heads(directory.services)]
    assert acts[-3:] == ["person.create", "scim_user.create", "session.create"]


async def test_what_was_said_is_given_back(directory: Directory) -> None:
    made = await directory.user("ada", **ADA, title="Countess", name={"givenName": "Ada", "familyName": "L"})
    answer = await directory.client.get(f"/Users/{made['id']}")
    assert answer.status_code == 200
    assert answer.json() == made
    assert answer.headers["etag"] == made["meta"]["version"] == 'W/"1"'


async def test_deactivating_ends_everything_and_activating_lets_in_again(
    directory: Directory, admit: Admit
) -> None:
    made = await directory.user("ada", **ADA)
    await admit("ada", ())
    path = f"/Users/{made['id']}"
    answer = await directory.patch(path, {"op": "replace", "path": "active", "value": False})
    assert answer.status_code in (200, 204), answer.text
    person = await directory.person("demo-ada")
    assert person is not None
    assert person.state is PersonState.DISABLED
    acts = [str(head["action"]) for head in await heads(directory.services)]
    assert acts[-2:] == ["person.disable", "scim_user.update"]
    # Entra's path-less form, with a text for the truth value.
    answer = await directory.patch(path, {"op": "Replace", "value": {"active": True}})
    assert answer.status_code in (200, 204), answer.text
    person = await directory.person("demo-ada")
    assert person is not None
    assert person.state is PersonState.ACTIVE
