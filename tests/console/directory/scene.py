"""A directory without a Keycloak: settings, people, rules, and a sync of what a test says it says."""

from uuid import UUID

from sqlmodel import select

from console.directory.applying import Applied, apply_plan
from console.directory.comparing import compare, read_known
from console.directory.keeping import directory_work
from console.services import Services
from sso.directory_settings import DirectorySettings
from sso.models import Identity, MappingRule, Membership, RuleRole
from sso.syncing.snapshot import DirectoryPerson, Snapshot

SETTINGS = DirectorySettings.model_validate(
    {"server_url": "http://127.0.0.1:1", "realm": "staff", "client_secret": "not asked for"}
)


def somebody(subject: str, *groups: str, enabled: bool = True, name: str | None = None) -> DirectoryPerson:
    """Somebody of the directory."""
    claims = {"groups": groups, "organization": ()}
    return DirectoryPerson(subject, subject, name or subject.title(), None, enabled, claims)


async def add_rules(services: Services, teams: dict[str, UUID]) -> None:
    """Let group /NAME be a member of team NAME."""
    async with services.database.write() as session:
        session.add_all(
            [
                MappingRule(
                    issuer=SETTINGS.known_as,
                    claim="groups",
                    value=f"/{name}",
                    team_id=team,
                    role=RuleRole.MEMBER,
                    created=0,
                )
                for name, team in teams.items()
            ]
        )


async def sync(services: Services, *people: DirectoryPerson, gone: frozenset[str] = frozenset()) -> Applied:
    """Compare and apply, as a run does with what it has read."""
    snapshot = Snapshot(SETTINGS.known_as, {one.subject: one for one in people}, gone)
    plan = compare(SETTINGS, snapshot, await read_known(services, SETTINGS, None))
    return await apply_plan(directory_work(services), plan)


async def person_of(services: Services, subject: str) -> UUID:
    """The id of whom the directory calls `subject`."""
    async with services.database.read() as session:
        found = select(Identity.person_id).where(Identity.issuer == SETTINGS.known_as)
        return (await session.exec(found.where(Identity.subject == subject))).one()


async def teams_of(services: Services, subject: str) -> set[UUID]:
    """The teams of whom the directory calls `subject`."""
    person = await person_of(services, subject)
    async with services.database.read() as session:
        return set(await session.exec(select(Membership.team_id).where(Membership.person_id == person)))
