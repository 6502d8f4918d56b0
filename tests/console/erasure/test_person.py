"""An erased person: nothing in the tables names them, no right is left, and what was signed stays bound."""

import json
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from audit.models import RowVersion
from console.access.revoking import revoke_grant
from console.catalog.stopping import stop_route
from console.erasure.words import ERASED, find_names
from console.services import Services
from policy.canonical import content_hash
from policy.models import Change, ChangeState, Grant, PrincipalType, Review
from sso.models import Membership, Person, PersonState, Profile, Session
from tests.console.conftest import START, Catalog, WorkAs
from tests.console.erasure.conftest import HANDLE, NAME, PURPOSE, TRACES, Zelda, ask, refuse
from tests.console.visitor import heads

pytestmark = pytest.mark.slow


async def everything(services: Services) -> str:
    """Return every value of every table of the main tree as one text."""
    async with services.database.read() as session:
        selects: list[Any] = [sa.select(table) for table in SQLModel.metadata.sorted_tables]
        tables = [await session.exec(one) for one in selects]
        return "\n".join(str(tuple(row)) for table in tables for row in table)


async def test_no_table_names_an_erased_person(
    services: Services, zelda: Zelda, catalog: Catalog, work_as: WorkAs
) -> None:
    person = (await zelda.sign_in()).id
    await refuse(work_as, services, await ask(zelda), f"{NAME.upper()} asked for too much")
    await ask(zelda)
    await stop_route(await work_as("owner"), catalog.tumour.name, f"{HANDLE} saw it fail")
    before = await everything(services)
    assert [trace for trace in TRACES[:4] if trace not in before] == []
    await zelda.erase(person)
    after = (await everything(services)).lower()
    assert [trace for trace in TRACES if trace.lower() in after] == []
    assert "asked for too much" in after


async def test_rights_sessions_and_requests_end_and_one_entry_says_so(
    services: Services, zelda: Zelda, catalog: Catalog
) -> None:
    person, request = (await zelda.sign_in()).id, await ask(zelda)
    grant = await give(services, person, catalog)
    event = await zelda.erase(person)
    async with services.database.read() as session:
        assert (await session.get_one(Person, person)).state is PersonState.DISABLED
        assert (await session.get_one(Change, request)).state is ChangeState.WITHDRAWN
        assert (await session.get_one(Grant, grant)).revoked_at is not None
        for table in (Profile, Membership, Session):
            left = select(table).where(col(table.person_id) == person)  # type: ignore[attr-defined]
            assert (await session.exec(left)).all() == []
        versions = (await session.exec(select(RowVersion).where(col(RowVersion.event_id) == event))).all()
    assert sorted((one.kind, one.row is None) for one in versions) == [
        ("access_grant", True),
        ("change", False),
        ("identity", True),
        ("membership", True),
        ("person", False),
    ]
    (head,) = [one for one in await heads(services) if one["action"] == "subject.erase"]
    assert (head["id"], head["resource"]) == (str(event), {"type": "person", "id": str(person)})
    assert len(str(head["state"])) == 64


async def test_what_was_signed_stays_bound_by_its_hash(
    services: Services, zelda: Zelda, catalog: Catalog
) -> None:
    assert catalog.credit.name == "risk.credit-default"
    person, request = (await zelda.sign_in()).id, await ask(zelda)
    async with services.database.read() as session:
        signed = await session.get_one(Change, request)
    await zelda.erase(person)
    async with services.database.read() as session:
        kept = await session.get_one(Change, request)
    assert kept.content_hash == signed.content_hash
    assert json.loads(kept.content) == json.loads(signed.content) | {"purpose": ERASED}
    # Whoever kept what they signed can show that this was it.
    assert content_hash(json.loads(kept.content) | {"purpose": PURPOSE}) == kept.content_hash


async def test_their_own_answers_and_revocations_lose_their_words(
    services: Services, zelda: Zelda, catalog: Catalog, work_as: WorkAs
) -> None:
    person = (await zelda.sign_in()).id
    async with services.database.read() as session:
        owner = (await session.exec(select(Profile).where(col(Profile.handle) == "owner"))).one().person_id
    request = await ask(zelda)
    await refuse(work_as, services, request, "no need for it is seen")
    grant = await give(services, person, catalog)
    await revoke_grant(await work_as("owner"), grant, "they left us")
    await zelda.erase(owner)
    async with services.database.read() as session:
        review = (await session.exec(select(Review))).one()
        revoked = await session.get_one(Grant, grant)
    assert (review.reason, review.meaning, revoked.revoke_reason) == (ERASED, ERASED, ERASED)
    assert review.decision == "refuse"


async def test_who_signs_in_after_an_erasure_is_somebody_new(zelda: Zelda) -> None:
    first = await zelda.sign_in()
    await zelda.erase(first.id)
    second = await zelda.sign_in()
    assert second.id != first.id
    assert second.handle == HANDLE


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("al saw Al.", "erased saw erased."),
        ("also the al-berta, pal", "also the erased-berta, pal"),
        ("ask al@post.example, AL@POST.EXAMPLE", "ask erased, erased"),
    ],
)
def test_a_name_is_found_as_a_whole_word_and_the_longest_first(text: str, left: str) -> None:
    assert find_names(["al", "al@post.example"]).sub(ERASED, text) == left


async def give(services: Services, person: UUID, catalog: Catalog) -> UUID:
    """Give the person a grant of their own, as an executed change would."""
    async with services.database.write() as session:
        change = (await session.exec(select(Change))).first()
        values: dict[str, Any] = {
            "principal_type": PrincipalType.PERSON,
            "principal_id": person,
            "permission": "model.invoke",
            "resource_type": "route",
            "resource_id": catalog.credit.id,
            "change_id": change.id if change else person,
            "starts": START,
            "ends": START + 10**15,
        }
        grant = Grant(id=UUID(int=7), **values)
        session.add(grant)
    return grant.id
