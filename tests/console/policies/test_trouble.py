"""What the health page and `doctor` say of the policies in force."""

from dataclasses import dataclass

import pytest

from console.alarms import read_alarms
from console.policies.keys import signing_key
from console.policies.signing import sign_active
from console.policies.trouble import policy_trouble
from console.services import Services, with_decider
from policy.bundles import Bundle
from policy.decision import Document, Entrypoint, Evaluation
from policy.errors import DeciderFailedError
from policy.models import PolicyBundle, PolicyEngine
from tests.console.conftest import MovingClock
from tests.console.policies.conftest import put_in_force


@dataclass
class Remote:
    """An OPA server, as the console sees one."""

    revision_told: str | None
    name: str = "opa"

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        if self.revision_told is None:
            raise DeciderFailedError("gone")
        return Evaluation({}, self.revision_told)

    async def ping(self) -> None:
        """It is asked above."""

    async def close(self) -> None:
        """Nothing is open."""


async def test_nothing_is_wrong_at_first(services: Services) -> None:
    assert await policy_trouble(services) is None


async def test_case_79_a_revision_that_stays_unsigned_is_told(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    assert await policy_trouble(services) is None
    clock.forward(6)
    told = "The active revision of the policies is not used: The active revision is not signed yet."
    assert [one.sentence for one in await read_alarms(services)] == [told]


async def test_case_79_files_altered_after_the_signature_are_told(
    services: Services, clock: MovingClock, other: Bundle
) -> None:
    await put_in_force(services, other)
    await sign_active(services, signing_key(services.policies.keys))
    clock.forward(6)
    assert await policy_trouble(services) is None
    async with services.database.write() as session:
        row = await session.get_one(PolicyBundle, other.revision)
        row.files = "{}"
        session.add(row)
    assert "not what the revision names" in str(await policy_trouble(services))


@pytest.mark.parametrize(
    ("revision", "told"), [("0" * 64, "answers under revision 000000000000"), (None, "gives no answer")]
)
async def test_case_80_an_opa_server_that_is_behind_or_gone_is_told(
    services: Services, revision: str | None, told: str
) -> None:
    assert told in str(await policy_trouble(with_decider(services, Remote(revision))))


async def test_case_80_what_an_opa_server_reports_of_itself_is_told(
    services: Services, clock: MovingClock
) -> None:
    now, revision = clock(), services.policy_revision
    engine = PolicyEngine(id="opa-1", revision=revision, reported=now, stated=now)
    async with services.database.write() as session:
        session.add(engine)
    assert await policy_trouble(services) is None
    other = ({"revision": "0" * 64}, "opa-1 reports revision 0000")
    for changed, told in (other, ({"trouble": "digest"}, "digest")):
        async with services.database.write() as session:
            row = await session.get_one(PolicyEngine, "opa-1")
            for name, value in changed.items():
                setattr(row, name, value)
            session.add(row)
        assert told in str(await policy_trouble(services))
    clock.forward(601)
    assert await policy_trouble(services) is None
