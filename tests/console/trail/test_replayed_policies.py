"""What was decided is read out of the log's sealed parts, and replayed under another policy."""

import json

import pytest

from console.policies.past import Read, read_pasts
from console.policies.replaying import Replay, replay_days
from console.questions import Origin
from console.sign_in.providers import dev_issuer
from console.trail.queries import Search, search_events
from console.work import UnitOfWork
from policy.bundles import Bundle, read_bundle, revise
from sso.principal import Authentication, Principal
from tests.console.trail.trail import Trail

pytestmark = pytest.mark.slow


def without_auditors() -> Bundle:
    """Rules under which an auditor reads no log."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    data["guildhall"]["platform_roles"]["auditor"].remove("audit.read")
    files["data.json"] = json.dumps(data)
    return Bundle(files, revise(files))


async def look(trail: Trail, times: int) -> None:
    proof = Authentication(method="bearer", issuer=dev_issuer(trail.services.settings), subject="auditor")
    auditor = Principal(trail.people["auditor"], "person", "auditor", "Auditor", proof)
    for _ in range(times):
        await search_events(UnitOfWork(trail.services, auditor, Origin("test")), Search(), None)
    await trail.settle()


async def test_each_flip_names_person_action_and_reason(trail: Trail) -> None:
    await look(trail, 3)
    services = trail.services
    found = await replay_days(services, without_auditors(), 30, services.clock())
    assert (found.decisions, found.flipped, found.undecided) == (3, 3, 0)
    (flip,) = found.flips
    assert (flip.what, flip.person, flip.action, flip.times) == (
        "newly refused", str(trail.people["auditor"]), "audit.read", 3,
    )  # fmt: skip
    assert (flip.allowed, flip.reasons, flip.would_allow) == (True, (), False)
    assert flip.would_reasons == ("not_permitted",)
    assert Replay.read(json.loads(json.dumps(found.document()))) == found
    same = await replay_days(services, read_bundle(), 30, services.clock())
    assert (same.decisions, same.flips) == (3, ())


async def test_the_newest_are_read_and_only_of_these_days(trail: Trail) -> None:
    await look(trail, 4)
    since = trail.services.clock() - 60_000_000
    newest = [past async for past in read_pasts(trail.services, since, Read(), most=2)]
    whole = [past async for past in read_pasts(trail.services, since, Read())]
    assert newest == whole[-2:]
    later = trail.services.clock() + 60_000_000
    assert [past async for past in read_pasts(trail.services, later, Read())] == []
