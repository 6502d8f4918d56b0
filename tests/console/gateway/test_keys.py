"""Programs at the gateway: a key calls what its owner may call, and nothing once it was revoked."""

import json
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.access.forms import AccessRequestCreate
from console.access.requesting import request_access
from console.access.reviewing import review_request
from console.access.revoking import revoke_grant
from console.changes.forms import ReviewCreate
from console.keys.creating import create_key
from console.keys.forms import KeyCreate, ServiceAccountCreate
from console.keys.revoking import revoke_key
from console.keys.services import create_service
from policy.models import ReviewDecision
from sso.models import ApiKey, Membership, Profile, TeamRole
from tests.console.conftest import WorkAs
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.conftest import CREDIT, INFER, Desk

pytestmark = pytest.mark.slow  # a gateway on a socket

CALLING = KeyCreate(name="nightly", scopes=["model.invoke", "model.describe"], days=5)

UNKNOWN = (404, ["not_found"])
"""What a program hears that has no grant of its own: to it nothing is listed."""


async def made(work_as: WorkAs, **changes: object) -> str:
    form = CALLING.model_copy(update=changes)
    return (await create_key(await work_as("member"), form)).token


async def by_key(desk: Desk, key: str, path: str = f"{CREDIT}/infer") -> tuple[int, list[str]]:
    answer = await desk.http.post(path, content=INFER, headers={"authorization": f"Bearer {key}"})
    return answer.status_code, answer.json().get("reasons", [])


async def test_a_key_calls_nothing_that_its_owner_may_not_call(desk: Desk, work_as: WorkAs) -> None:
    assert await by_key(desk, await made(work_as)) == (403, ["no_grant"])


async def test_a_key_is_refused_once_it_was_revoked(granted: Desk, work_as: WorkAs) -> None:
    key = await made(work_as)
    assert (await by_key(granted, key))[0] == 200
    async with granted.services.database.read() as session:
        row = (await session.exec(select(ApiKey))).one()
    await revoke_key(await work_as("member"), row.id, "no longer needed")
    assert await by_key(granted, key) == (401, ["key_revoked"])


async def test_a_key_of_one_model_calls_no_other_and_does_no_more_than_it_is_for(
    granted: Desk, work_as: WorkAs
) -> None:
    describing = await made(work_as, scopes=["model.describe"])
    assert await by_key(granted, describing) == (403, ["key_scope_missing:model.invoke"])
    bound = await made(work_as, routes=["risk.credit-default"])
    assert (await by_key(granted, bound))[0] == 200
    async with granted.services.database.write() as session:
        for row in await session.exec(select(ApiKey)):
            row.routes = json.dumps(["risk.other"])
            session.add(row)
    assert await by_key(granted, bound) == (403, ["key_not_for_route"])


async def test_case_40_a_key_in_the_address_of_a_call_is_refused(granted: Desk, work_as: WorkAs) -> None:
    key = await made(work_as)
    assert await by_key(granted, key, f"{CREDIT}/infer?api_key={key}") == (401, ["credential_in_address"])
    assert key.encode() not in b"".join(
        path.read_bytes() for path in granted.spool.rglob("*") if path.is_file()
    )


async def test_a_service_accounts_key_calls_by_its_own_grant_and_never_by_its_teams(
    desk: Desk, work_as: WorkAs, cluster: ScriptedCluster, teams: dict[str, UUID]
) -> None:
    await desk.serve(cluster.url, {"1": 100})
    await own(desk, "member", teams["retail"])
    named = ServiceAccountCreate(team="retail", name="nightly", purpose="Scores the day's applications")
    account = await create_service(await work_as("member"), named)
    key = await made(work_as, service=account.id)
    await approved(work_as, None)
    assert await by_key(desk, key) == UNKNOWN
    grant_id = await approved(work_as, account.id)
    assert (await by_key(desk, key))[0] == 200
    await revoke_grant(await work_as("owner"), grant_id, "the trial is over")
    assert await by_key(desk, key) == UNKNOWN


async def own(desk: Desk, handle: str, team_id: UUID) -> None:
    async with desk.services.database.write() as session:
        profile = (await session.exec(select(Profile).where(col(Profile.handle) == handle))).one()
        held = (col(Membership.person_id) == profile.person_id, col(Membership.team_id) == team_id)
        row = (await session.exec(select(Membership).where(*held))).one()
        row.role = TeamRole.OWNER
        session.add(row)


async def approved(work_as: WorkAs, service: UUID | None) -> UUID:
    """Let the member ask, and the model's owner and a reviewer approve; return the grant's id."""
    asked = AccessRequestCreate(
        route="risk.credit-default", team="retail", purpose="Score at night", duration_days=9, service=service
    )
    request = await request_access(await work_as("member"), asked)
    answer = ReviewCreate(
        decision=ReviewDecision.APPROVE, meaning="I accept this", content_hash=request.content_hash
    )
    for who in ("owner", "reviewer"):
        signed = await review_request(await work_as(who, stepped_up=True), request.id, answer)
    assert signed.grant_id
    return signed.grant_id
