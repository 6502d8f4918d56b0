"""What our tables say of a directory's people, beside what it says itself: the difference is a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.services import Services
from sso.directory_settings import DirectorySettings
from sso.errors import DirectoryError, SignInError
from sso.models import DirectoryLeaver, Identity, MappingRule, Team
from sso.syncing.held import HeldPerson, held_people
from sso.syncing.plan import Plan, make_plan
from sso.syncing.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Known:
    """What our tables say at the moment of comparing."""

    held: dict[str, HeldPerson]
    rules: Sequence[MappingRule]
    ended: frozenset[str]
    teams: dict[str, UUID]


def compare(settings: DirectorySettings, snapshot: Snapshot, known: Known) -> Plan:
    """Return what brings our tables in line with `snapshot`.

    Raises:
        DirectoryError: the directory leaves groups out.
    """
    claims = frozenset({settings.groups_claim, settings.organizations_claim})
    try:
        return make_plan(
            snapshot,
            known.held,
            known.rules,
            known_claims=claims,
            ended=known.ended,
            teams=known.teams,
        )
    except SignInError as error:
        raise DirectoryError(error.reason, error.sentence) from None


async def read_known(
    services: Services, settings: DirectorySettings, subjects: frozenset[str] | None
) -> Known:
    """Return what we hold of everybody the issuer knows here, or of `subjects` alone."""
    issuer = settings.known_as
    async with services.database.read() as session:
        held = dict(await held_people(session, issuer, subjects))
        rules, teams = await _rules(session)
        left = (
            select(Identity.subject)
            .join(DirectoryLeaver, col(DirectoryLeaver.person_id) == col(Identity.person_id))
            .where(Identity.issuer == issuer)
        )
        return Known(held, rules, frozenset(await session.exec(left)), teams)


async def read_rules(services: Services) -> tuple[Sequence[MappingRule], dict[str, UUID]]:
    """Return every mapping rule, and the ids of teams by name."""
    async with services.database.read() as session:
        return await _rules(session)


async def _rules(session: AsyncSession) -> tuple[Sequence[MappingRule], dict[str, UUID]]:
    teams = dict((await session.exec(select(Team.name, Team.id))).all())
    return (await session.exec(select(MappingRule))).all(), teams
