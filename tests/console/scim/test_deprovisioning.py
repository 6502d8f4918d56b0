"""Whom a directory deactivates holds nothing a moment later, or everything as before: one transaction."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx2
import pytest
import sqlalchemy as sa
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from audit.errors import RecordError
from console.access.forms import AccessRequestCreate
from console.access.requesting import request_access
from console.keys.creating import create_key
from console.keys.forms import KeyCreate
from console.scim import users
from policy.models import Change, ChangeState, Grant, PrincipalType, Review
from sso.models import ApiKey, Person, PersonState, Session
from sso.principal import Principal
from tests.console.conftest import START, Catalog, WorkAs
from tests.console.scim.conftest import Directory
from tests.console.scim.test_attack_scim import ASKED, approve, ask
from tests.console.visitor import heads

pytestmark = pytest.mark.slow

EVERYTHING = {"answers": 1, "grants": 1, "keys": 1, "requests": 1, "sessions": 1}
NOTHING = dict.fromkeys(EVERYTHING, 0)


async def _deactivate(directory: Directory, user: str) -> httpx2.Response:
    return await directory.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})


async def _remove(directory: Directory, user: str) -> httpx2.Response:
    return await directory.client.delete(f"/Users/{user}")


End = Callable[[Directory, str], Awaitable[httpx2.Response]]


@pytest.fixture
async def user(directory: Directory, catalog: Catalog, people: dict[str, Principal], work_as: WorkAs) -> str:
    """The owner as the directory has them: signed in, with a key, a grant, a request and an answer."""
    owner = people["owner"].id
    await create_key(await work_as("owner"), KeyCreate(name="nightly", scopes=["self.read"], days=5))
    own = AccessRequestCreate.model_validate({**ASKED, "team": "risk"})
    request = await request_access(await work_as("owner"), own)
    await approve(directory.services, work_as, "owner", await ask(work_as, "member"))
    grant = Grant(
        id=uuid7(),
        principal_type=PrincipalType.PERSON,
        principal_id=owner,
        permission="model.invoke",
        resource_type="route",
        resource_id=catalog.tumour.id,
        change_id=request.id,
        starts=START,
        ends=START + 10**15,
    )
    async with directory.services.database.write() as session:
        session.add(grant)
    return str((await directory.user("owner", externalId="demo-owner"))["id"])


async def held(directory: Directory, person: UUID) -> dict[str, int]:
    """How much of each sort the person still holds."""
    undecided = col(Change.id) == col(Review.change_id), col(Change.state) == ChangeState.PENDING
    counts = {
        "answers": (Review, sa.exists().where(*undecided), col(Review.reviewer_id) == person),
        "grants": (Grant, col(Grant.principal_id) == person, col(Grant.revoked_at).is_(None)),
        "keys": (ApiKey, col(ApiKey.owner_id) == person, col(ApiKey.revoked_at).is_(None)),
        "requests": (Change, col(Change.requester_id) == person, col(Change.state) == ChangeState.PENDING),
        "sessions": (Session, col(Session.person_id) == person, col(Session.revoked_at).is_(None)),
    }
    async with directory.services.database.read() as session:
        return {
            name: (await session.exec(select(sa.func.count()).select_from(table).where(*where))).one()
            for name, (table, *where) in counts.items()
        }


@pytest.mark.parametrize("end", [_deactivate, _remove])
async def test_case_91_sessions_keys_approvals_requests_and_grants_end_together_or_not_at_all(
    directory: Directory,
    people: dict[str, Principal],
    user: str,
    end: End,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, before = people["owner"].id, len(await heads(directory.services))
    assert await held(directory, owner) == EVERYTHING

    async def fail(*_: object) -> None:
        # The very last thing that is done: all that was to end has ended by now, in this transaction.
        raise RecordError("The record could not be appended.")

    with monkeypatch.context() as patched:
        patched.setattr(users, "_record", fail)
        assert (await end(directory, user)).status_code == 503
    async with directory.services.database.read() as session:
        assert (await session.get_one(Person, owner)).state is PersonState.ACTIVE
    assert (await held(directory, owner), len(await heads(directory.services))) == (EVERYTHING, before)
    assert (await end(directory, user)).status_code in {200, 204}
    async with directory.services.database.read() as session:
        assert (await session.get_one(Person, owner)).state is PersonState.DISABLED
    assert await held(directory, owner) == NOTHING
    told = {str(head["action"]) for head in (await heads(directory.services))[before:]}
    assert told >= {"review.void", "grant.revoke", "key.revoke", "access_request.withdraw", "person.disable"}
