"""The attacks on the directory's door: without its token, in another's place, and by who has left."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select, update

from console.access.forms import AccessRequestCreate
from console.access.requesting import request_access
from console.access.reviewing import review_request
from console.bearers import bearer_principal
from console.changes.forms import ReviewCreate
from console.errors import ConsoleError, NotSignedInError, RefusedError
from console.people.forms import StateChange
from console.people.persons import change_state
from console.services import Services
from policy.models import Change, ChangeState, Review
from sso.models import Identity, Person, PersonState, Profile, ScimCredential, Session
from sso.principal import Principal
from tests.console.conftest import Catalog, TokenFor, WorkAs
from tests.console.scim.conftest import USER, Directory
from tests.console.visitor import heads

pytestmark = pytest.mark.slow

ASKED = {"route": "risk.credit-default", "team": "retail", "purpose": "Score shops", "duration_days": 30}
OFF = {"op": "replace", "path": "active", "value": False}


async def ask(work_as: WorkAs, who: str) -> UUID:
    return (await request_access(await work_as(who), AccessRequestCreate.model_validate(ASKED))).id


async def approve(services: Services, work_as: WorkAs, who: str, request: UUID) -> None:
    async with services.database.read() as session:
        signed = (await session.get_one(Change, request)).content_hash
    said = {"decision": "approve", "meaning": "fine", "reason": "as said", "content_hash": signed}
    await review_request(await work_as(who, stepped_up=True), request, ReviewCreate.model_validate(said))


@pytest.mark.parametrize(
    "path", ["/Users", "/Groups", "/ServiceProviderConfig", "/Schemas", "/Bulk", "/nothing"]
)
async def test_case_88_without_its_token_every_address_of_the_door_is_shut(
    directory: Directory, path: str
) -> None:
    del directory.client.headers["Authorization"]
    answer = await directory.client.get(path, headers={"Cookie": "guildhall=anything"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert directory.services.denials.open_counts == 1


async def test_case_88_another_bearer_is_none_here(
    directory: Directory, token_for: TokenFor, people: dict[str, Principal]
) -> None:
    assert people
    for bearer in (token_for("admin"), "guildhall_sk_0123456789_" + "a" * 38, "x", ""):
        answer = await directory.client.get("/Users", headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code == 401, bearer[:20]


@pytest.mark.parametrize("values", [{"revoked": 1}, {"expires": 1}])
async def test_case_88_an_ended_credential_opens_nothing(
    directory: Directory, values: dict[str, int]
) -> None:
    assert (await directory.client.get("/Users")).status_code == 200
    async with directory.services.database.write() as session:
        await session.exec(update(ScimCredential).values(**values))
    assert (await directory.client.get("/Users")).status_code == 401


async def test_case_88_a_directory_sees_nothing_of_another(
    directory: Directory, connect: Callable[..., Any]
) -> None:
    other: Directory = await connect(issuer="https://other.example")
    made = await other.user("ada", externalId="ada")
    assert (await directory.client.get("/Users")).json()["totalResults"] == 0
    for method in ("GET", "DELETE"):
        assert (await directory.client.request(method, f"/Users/{made['id']}")).status_code == 404
    group = {"displayName": "g", "members": [{"value": made["id"]}]}
    assert (await directory.client.post("/Groups", json=group)).status_code == 400


async def test_case_88_the_token_of_the_door_is_no_bearer_elsewhere(directory: Directory) -> None:
    with pytest.raises(NotSignedInError):
        await bearer_principal(directory.services, directory.client.headers["Authorization"])


async def test_case_88_a_body_past_the_limit_is_not_read(directory: Directory) -> None:
    answer = await directory.client.post("/Users", content=b" " * 1_048_577)
    assert answer.status_code == 413


async def test_case_89_an_external_id_is_never_an_id_of_ours(
    directory: Directory, people: dict[str, Principal]
) -> None:
    admin = people["admin"].id
    made = await directory.user("eve", externalId=str(admin))
    assert made["id"] != str(admin)
    person = await directory.person(str(admin))
    assert person is not None
    assert person.id != admin
    made = await directory.user("mallory", externalId="1")
    assert (await directory.client.get("/Users/1")).status_code == 404
    assert made["id"] != "1"


async def test_case_89_a_user_name_in_another_case_is_taken(directory: Directory) -> None:
    await directory.user("Ada", externalId="a")
    again = await directory.client.post(
        "/Users", json={"schemas": [USER], "userName": "aDA", "externalId": "b"}
    )
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")


async def test_case_89_nobody_takes_the_place_of_a_person_by_mail_handle_or_subject(
    directory: Directory, people: dict[str, Principal]
) -> None:
    admin = await directory.user("admin", externalId="demo-admin")
    eve = await directory.user("eve", externalId="eve", emails=[{"value": "admin@a.example"}])
    stolen = await directory.patch(
        f"/Users/{eve['id']}", {"op": "replace", "path": "externalId", "value": "demo-admin"}
    )
    assert stolen.status_code == 409
    # Pointed at another subject, a user is somebody else: nobody inherits what the admin holds.
    moved = await directory.patch(
        f"/Users/{admin['id']}", {"op": "replace", "path": "externalId", "value": "mallory"}
    )
    assert moved.status_code in (200, 204), moved.text
    mallory, before = await directory.person("mallory"), await directory.person("demo-admin")
    assert mallory is not None
    assert before is not None
    assert (mallory.id != before.id, before.id) == (True, people["admin"].id)
    assert before.state is PersonState.DISABLED


async def test_case_91_deactivated_with_approvals_sessions_and_requests_open(
    directory: Directory, catalog: Catalog, people: dict[str, Principal], work_as: WorkAs
) -> None:
    assert catalog.credit.name == ASKED["route"]
    services, owner = directory.services, people["owner"].id
    made = await directory.user("owner", externalId="demo-owner")
    request = await ask(work_as, "member")
    await approve(services, work_as, "owner", request)
    answer = await directory.patch(f"/Users/{made['id']}", OFF)
    assert answer.status_code in (200, 204), answer.text
    async with services.database.read() as session:
        assert (await session.get_one(Person, owner)).state is PersonState.DISABLED
        assert (await session.exec(select(Review))).all() == []
        assert (await session.get_one(Change, request)).state is ChangeState.PENDING
        theirs = select(Session).where(col(Session.person_id) == owner, col(Session.revoked_at).is_(None))
        assert (await session.exec(theirs)).all() == []
    ended = [str(head["action"]) for head in await heads(services)][-3:]
    assert ended == ["review.void", "person.disable", "scim_user.update"]


async def test_case_40_who_was_deprovisioned_is_no_bearer_any_more(
    directory: Directory, people: dict[str, Principal], token_for: TokenFor
) -> None:
    assert people
    made = await directory.user("member", externalId="demo-member")
    header = f"Bearer {token_for('member')}"
    assert (await bearer_principal(directory.services, header)).handle == "member"
    assert (await directory.client.delete(f"/Users/{made['id']}")).status_code == 204
    with pytest.raises(ConsoleError):
        await bearer_principal(directory.services, header)
    again = await directory.user("member", externalId="demo-member")
    assert again["id"] != made["id"]
    person = await directory.person("demo-member")
    assert person is not None
    assert (person.id, person.state) == (people["member"].id, PersonState.ACTIVE)


async def test_case_91_whom_an_admin_disabled_is_not_let_in_by_a_directory(
    directory: Directory, people: dict[str, Principal]
) -> None:
    async with directory.services.database.write() as session:
        own = col(Person.id) == people["member"].id
        await session.exec(update(Person).where(own).values(state=PersonState.DISABLED))
    await directory.user("member", externalId="demo-member", active=True)
    person = await directory.person("demo-member")
    assert person is not None
    assert person.state is PersonState.DISABLED


async def test_case_89_a_twin_made_by_scim_does_not_answer_its_author(
    directory: Directory, catalog: Catalog, people: dict[str, Principal], work_as: WorkAs
) -> None:
    """Case 61 of the catalogue: the twin of the author's subject is the author."""
    assert catalog.credit.name == ASKED["route"]
    await directory.user("twin", externalId="demo-owner")
    async with directory.services.database.read() as session:
        twins = (await session.exec(select(Identity).where(col(Identity.subject) == "demo-owner"))).all()
        named = (await session.exec(select(Profile).where(col(Profile.handle) == "twin"))).all()
    assert [one.person_id for one in twins] == [people["owner"].id]
    assert named == []
    asked = AccessRequestCreate.model_validate({**ASKED, "team": "risk"})
    request = (await request_access(await work_as("owner"), asked)).id
    with pytest.raises(RefusedError, match="not allowed") as refused:
        await approve(directory.services, work_as, "owner", request)
    assert "requester_may_not_decide" in refused.value.reasons


@pytest.mark.parametrize("word", ["PATCH", "DELETE"])
async def test_case_91_an_admins_word_on_whom_a_directory_kept_out_is_the_last(
    directory: Directory, people: dict[str, Principal], work_as: WorkAs, word: str
) -> None:
    """Let in by an admin, whom a directory kept out is no longer its to let in, and still its to let go."""
    made = await directory.user("member", externalId="demo-member", active=False)
    person, path = people["member"].id, f"/Users/{made['id']}"
    await change_state(await work_as("admin"), person, StateChange(state="active"))
    if word == "DELETE":
        assert (await directory.client.delete(path)).status_code == 204
    else:
        await change_state(await work_as("admin"), person, StateChange(state="disabled"))
        assert (await directory.patch(path, {**OFF, "value": True})).status_code in (200, 204)
    found = await directory.person("demo-member")
    assert found is not None
    assert found.state is PersonState.DISABLED
