"""An installation in which the demo's people have signed in: made once, copied by every test that wants them.

Five sign-ins cost more than most tests do with the people they bring.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from console.installation import stamp
from console.questions import Origin
from console.services import Services, build
from console.settings import Settings
from console.sign_in.admission import start_session
from console.sign_in.providers import dev_issuer
from sso.claims import IdTokenClaims
from sso.dev.people import DEMO_PEOPLE, DEMO_RULES, DEMO_TEAMS, DemoPerson
from sso.models import MappingRule, Team
from sso.principal import Principal

BEGAN = 1_800_000_000
MARK = "begun"
TESTS = Origin("tests")


@dataclass(frozen=True)
class Begun:
    """The folder to copy, the clock when it was left, and who and what is in it."""

    folder: Path
    now: int
    teams: dict[str, UUID]
    people: dict[str, Principal]

    def is_copied_to(self, data: Path) -> bool:
        """Whether the installation in `data` began as a copy of this one."""
        return (data / MARK).exists()


async def begin(settings: Settings, clock: Callable[[], int]) -> Begun:
    """Fill a migrated installation, and leave it closed."""
    services = build(settings, clock)
    try:
        await stamp(services)
        teams, people = await make_teams(services), await sign_in_people(services)
    finally:
        await services.close()
    (settings.data / MARK).touch()
    return Begun(settings.data, clock(), teams, people)


async def make_teams(services: Services) -> dict[str, UUID]:
    """Make the demo's teams and mapping rules; return the ids of the teams by name."""
    issuer, began = dev_issuer(services.settings), BEGAN * 1_000_000
    async with services.database.write() as session:
        rows = {name: Team(name=name, created=began) for name in DEMO_TEAMS}
        session.add_all(rows.values())
        await session.flush()
        for rule in DEMO_RULES:
            session.add(
                MappingRule(
                    issuer=issuer,
                    claim=rule.claim,
                    value=rule.value,
                    team_id=rows[rule.team].id if rule.team else None,
                    role=rule.role,
                    scope=rule.scope,
                    created=began,
                )
            )
    return {name: row.id for name, row in rows.items()}


async def sign_in_people(services: Services) -> dict[str, Principal]:
    """Sign the demo's people in, in the order in which it names them."""
    found = DEMO_PEOPLE.items()
    return {handle: await sign_in(services, handle, person.groups) for handle, person in found}


async def sign_in(services: Services, handle: str, groups: tuple[str, ...]) -> Principal:
    """Sign somebody in at the development provider, with groups of one's choice."""
    person = DemoPerson(handle, handle.title(), "works here", groups)
    claims = IdTokenClaims(
        dev_issuer(services.settings),
        person.subject,
        expires=BEGAN + 300,
        issued=BEGAN,
        handle=handle,
        name=person.name,
        given={"groups": list(groups)},
    )
    return (await start_session(services, claims, None, TESTS)).principal
