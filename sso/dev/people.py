"""The demo's five people and the mapping rules that give them their roles."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sso.models import RuleRole
from sso.scopes import ALL


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone to sign in as; `does` is what the sign-in page says about them."""

    handle: str
    name: str
    does: str
    groups: tuple[str, ...] = field(default=())

    @property
    def subject(self) -> str:
        """The `sub` the development provider knows them by."""
        return f"demo-{self.handle}"


@dataclass(frozen=True, slots=True)
class DemoRule:
    """A mapping rule of the demo, with the team by name; `team` is None for platform roles."""

    value: str
    role: RuleRole
    team: str | None = None
    claim: str = "groups"
    scope: str = ALL


DEMO_TEAMS = ("risk", "retail", "health", "vision")

DEMO_PEOPLE: Mapping[str, DemoPerson] = {
    person.handle: person
    for person in (
        DemoPerson("member", "Demo member", "works in team retail and asks to use models", ("retail",)),
        DemoPerson(
            "owner",
            "Demo owner",
            "owns the models of teams risk, health and vision",
            ("risk-owners", "health-owners", "vision-owners"),
        ),
        DemoPerson("reviewer", "Demo reviewer", "reviews access requests", ("guildhall-reviewers",)),
        DemoPerson("admin", "Demo admin", "looks after people, rules and clusters", ("guildhall-admins",)),
        DemoPerson("auditor", "Demo auditor", "reads the log and checks its proofs", ("guildhall-auditors",)),
    )
}

DEMO_RULES: tuple[DemoRule, ...] = (
    DemoRule("retail", RuleRole.MEMBER, "retail"),
    DemoRule("risk-owners", RuleRole.OWNER, "risk"),
    DemoRule("health-owners", RuleRole.OWNER, "health"),
    DemoRule("vision-owners", RuleRole.OWNER, "vision"),
    DemoRule("guildhall-admins", RuleRole.ADMIN),
    DemoRule("guildhall-auditors", RuleRole.AUDITOR),
    DemoRule("guildhall-reviewers", RuleRole.REVIEWER),
)
