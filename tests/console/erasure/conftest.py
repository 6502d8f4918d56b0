"""Somebody whose every trace can be told: a name, a handle, an address and words that occur nowhere else."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from console.access.forms import AccessRequestCreate
from console.access.requesting import request_access
from console.access.reviewing import review_request
from console.changes.forms import ReviewCreate
from console.erasure.person import erase_person
from console.erasure.settle import settle_erasures
from console.questions import Origin
from console.services import Services
from console.sign_in.admission import start_session
from console.sign_in.providers import dev_issuer
from console.work import UnitOfWork
from policy.models import Change
from sso.claims import IdTokenClaims
from sso.principal import Principal, system_principal
from tests.console.conftest import START, WorkAs

HANDLE = "zelda-quist"
NAME = 'Zelda "Zè" Quist'
MAIL = "zelda.quist@post.example"
SUBJECT = "subject-of-zelda-4711"
ADDRESS = "203.0.113.77"
AGENT = "Zeppelin-Browser/77"
PURPOSE = f"Score the shops that {NAME} looks after"
TRACES = (HANDLE, NAME, MAIL, SUBJECT, ADDRESS, AGENT)


@dataclass
class Zelda:
    """The person, and how they come in and are erased."""

    services: Services

    async def sign_in(self) -> Principal:
        claims = IdTokenClaims(
            dev_issuer(self.services.settings),
            SUBJECT,
            expires=START // 1_000_000 + 300,
            issued=START // 1_000_000,
            handle=HANDLE,
            name=NAME,
            email=MAIL,
            given={"groups": ["retail"]},
        )
        return (await start_session(self.services, claims, None, Origin("page", ADDRESS, AGENT))).principal

    async def work(self) -> UnitOfWork:
        return UnitOfWork(self.services, await self.sign_in(), Origin("page", ADDRESS, AGENT))

    async def erase(self, person: UUID, *, settle: bool = True) -> UUID:
        """Erase as an executed change would, acting as the system."""
        work = UnitOfWork(self.services, system_principal("worker"), Origin("process"))
        async with work.write() as session:
            event = await erase_person(work, session, person)
        if settle:
            await settle_erasures(self.services)
        return event


@pytest.fixture
def zelda(services: Services, teams: dict[str, UUID]) -> Zelda:
    assert teams
    return Zelda(services)


async def ask(zelda: Zelda) -> UUID:
    asked = {"route": "risk.credit-default", "team": "retail", "purpose": PURPOSE, "duration_days": 30}
    return (await request_access(await zelda.work(), AccessRequestCreate(**asked))).id


async def refuse(work_as: WorkAs, services: Services, request: UUID, reason: str) -> None:
    async with services.database.read() as session:
        signed = (await session.get_one(Change, request)).content_hash
    answer = ReviewCreate(decision="refuse", meaning=f"Not for {HANDLE}", reason=reason, content_hash=signed)
    await review_request(await work_as("owner", stepped_up=True), request, answer)
