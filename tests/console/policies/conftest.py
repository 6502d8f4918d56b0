"""Another revision than the shipped one, and the change by which two people made it the active one."""

import asyncio
import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from console.policies.activating import activate
from console.policies.bundles import keep_bundle
from console.questions import Origin
from console.services import Services
from console.work import UnitOfWork
from policy.bundles import Bundle, read_bundle, revise
from policy.embedded import EmbeddedDecider
from policy.models import Change, ChangeKind, ChangeState
from sso.principal import system_principal
from tests.patience import PATIENCE


def without_shared() -> Bundle:
    """Rules under which a shared model may not be called any more."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    data["guildhall"]["shared"] = ["model.read"]
    files["data.json"] = json.dumps(data)
    return Bundle(files, revise(files))


async def approve(services: Services, revision: str, *, state: ChangeState = ChangeState.APPROVED) -> UUID:
    """Leave the change as its last approval would."""
    change = Change(
        id=uuid7(),
        kind=ChangeKind.RETENTION,
        resource_type="policy",
        resource_id=uuid7(),
        requester_id=uuid7(),
        content=json.dumps({"revision": revision}),
        content_hash="a" * 64,
        state=state,
        required="[]",
        policy_revision="a" * 64,
        created=services.clock(),
    )
    async with services.database.write() as session:
        session.add(change)
    return change.id


async def put_in_force(
    services: Services, bundle: Bundle, *, state: ChangeState = ChangeState.APPROVED
) -> None:
    """Keep and activate a bundle, as an approved change does."""
    change = await approve(services, bundle.revision, state=state)
    work = UnitOfWork(services, system_principal("test"), Origin("process"))
    async with work.write() as session:
        await keep_bundle(session, bundle.files, work.now)
        await activate(work, bundle.revision, change=change)


@pytest.fixture
def decider() -> Iterator[EmbeddedDecider]:
    """An evaluator of one test: here they are given other bundles."""
    engine = EmbeddedDecider(decision_seconds=PATIENCE)
    yield engine
    asyncio.run(engine.close())


@pytest.fixture
def other() -> Bundle:
    return without_shared()
