"""Admission: found by issuer and subject, rights replaced only where claims keep them."""

from typing import Any

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.claims import IdTokenClaims
from sso.directory import Admission, admit, bootstrap, principal_for, rights_of
from sso.errors import SignInError
from sso.handles import clean_handle
from sso.models import (
    MappingRule,
    Membership,
    PersonState,
    PlatformRole,
    Profile,
    RoleAssignment,
    RuleRole,
    Source,
    Team,
    TeamRole,
)
from sso.principal import Authentication

ISSUER = "https://id.example"
NOW = 1_800_000_000_000_000


def claims(subject: str = "1", groups: list[str] | None = None, **given: Any) -> IdTokenClaims:
    fields = {"handle": "member", "name": "Demo member", **given}
    return IdTokenClaims(ISSUER, subject, expires=0, issued=0, given={"groups": groups or []}, **fields)


@pytest.fixture
async def rules(db: AsyncSession) -> list[MappingRule]:
    teams = {name: Team(name=name, created=NOW) for name in ("retail", "risk")}
    db.add_all(teams.values())
    await db.flush()
    made = [
        rule("retail", RuleRole.MEMBER, teams["retail"]),
        rule("risk-owners", RuleRole.OWNER, teams["risk"]),
        rule("reviewers", RuleRole.REVIEWER, scope='["retail"]'),
        rule("chief-reviewers", RuleRole.REVIEWER),
    ]
    db.add_all(made)
    await db.flush()
    return made


def rule(value: str, role: RuleRole, team: Team | None = None, scope: str = "all") -> MappingRule:
    team_id = team.id if team else None
    return MappingRule(
        issuer=ISSUER, claim="groups", value=value, team_id=team_id, role=role, scope=scope, created=NOW
    )


def handles(admission: Admission) -> tuple[str, bool]:
    return admission.profile.handle, admission.created


async def test_the_first_sign_in_creates_a_person(db: AsyncSession, rules: list[MappingRule]) -> None:
    admission = await admit(db, claims(groups=["retail", "reviewers"]), rules, NOW)
    rights = await rights_of(db, admission.person.id)

    assert handles(admission) == ("member", True)
    assert len(admission.added) == 2
    assert not admission.removed
    assert (rights.teams, rights.owner_of) == (("retail",), ())
    assert rights.roles == ((PlatformRole.REVIEWER, ("retail",)),)


async def test_the_second_finds_the_same_person_and_changes_nothing(
    db: AsyncSession, rules: list[MappingRule]
) -> None:
    first = await admit(db, claims(groups=["retail"]), rules, NOW)
    second = await admit(db, claims(groups=["retail"], name="New name"), rules, NOW + 1)

    assert second.person.id == first.person.id
    assert (second.created, second.added, second.removed) == (False, (), ())
    assert second.profile.name == "New name"


async def test_case_23_a_group_taken_away_is_a_right_taken_away(
    db: AsyncSession, rules: list[MappingRule]
) -> None:
    await admit(db, claims(groups=["retail", "risk-owners", "reviewers"]), rules, NOW)
    later = await admit(db, claims(groups=["risk-owners"]), rules, NOW + 1)
    rights = await rights_of(db, later.person.id)

    assert len(later.removed) == 2
    assert (rights.teams, rights.owner_of, rights.roles) == (("risk",), ("risk",), ())


async def test_a_role_whose_scope_changes_is_replaced(db: AsyncSession, rules: list[MappingRule]) -> None:
    await admit(db, claims(groups=["reviewers"]), rules, NOW)
    later = await admit(db, claims(groups=["chief-reviewers"]), rules, NOW + 1)

    assert (len(later.added), len(later.removed)) == (1, 1)
    assert (await rights_of(db, later.person.id)).roles == ((PlatformRole.REVIEWER, "all"),)


async def test_rows_kept_by_others_stay(db: AsyncSession, rules: list[MappingRule]) -> None:
    first = await admit(db, claims(groups=["retail"]), rules, NOW)
    team = (await db.exec(select(Team).where(Team.name == "retail"))).one()
    for source in (Source.MANUAL, Source.SCIM):
        db.add(
            Membership(person_id=first.person.id, team_id=team.id, role=TeamRole.MEMBER, managed_by=source)
        )
    await db.flush()
    later = await admit(db, claims(groups=[]), rules, NOW + 1)

    assert [row.managed_by for row in later.removed] == [Source.CLAIM]
    assert (await rights_of(db, later.person.id)).teams == ("retail",)


async def test_case_19_an_email_address_links_nobody(db: AsyncSession) -> None:
    first = await admit(db, claims("1", email="same@example.org"), [], NOW)
    second = await admit(db, claims("2", email="same@example.org"), [], NOW)

    assert first.person.id != second.person.id
    assert (first.profile.handle, second.profile.handle) == ("member", "member-2")


async def test_the_same_subject_of_another_issuer_is_someone_else(db: AsyncSession) -> None:
    first = await admit(db, claims("1"), [], NOW)
    other = IdTokenClaims("https://other.example", "1", expires=0, issued=0, handle="member")

    assert (await admit(db, other, [], NOW)).person.id != first.person.id


async def test_a_disabled_person_stays_out(db: AsyncSession) -> None:
    admission = await admit(db, claims(), [], NOW)
    admission.person.state = PersonState.DISABLED
    await db.flush()

    with pytest.raises(SignInError) as refusal:
        await admit(db, claims(), [], NOW)
    assert refusal.value.reason == "person_disabled"


async def test_handles_stay_unique_and_do_not_match_by_pattern(db: AsyncSession) -> None:
    suggestions = ["a_b", "axb", "a_b", "A_B", "a_b-2"]
    made = [await admit(db, claims(str(n), handle=handle), [], NOW) for n, handle in enumerate(suggestions)]

    assert [one.profile.handle for one in made] == ["a_b", "axb", "a_b-2", "a_b-3", "a_b-2-2"]


@pytest.mark.parametrize(
    ("suggested", "handle"),
    [
        ("Jo.Doe@example.org", "jo.doe"),
        ("Zoë Ö", "zoe-o"),
        ("system:worker", "system-worker"),
        ("", "person"),
        (None, "person"),
        ("../..", "person"),
        ("<b>", "b"),
        ("x" * 100, "x" * 48),
    ],
)
def test_handles_are_cleaned(suggested: str | None, handle: str) -> None:
    assert clean_handle(suggested) == handle


async def test_an_unknown_subject_is_nobody(db: AsyncSession) -> None:
    proof = Authentication("bearer", ISSUER, "9", token_id="t")

    assert await principal_for(db, ISSUER, "9", proof) is None


async def test_bootstrap_makes_an_administrator_once(db: AsyncSession) -> None:
    first = await bootstrap(db, ISSUER, "7", NOW)
    again = await bootstrap(db, ISSUER, "7", NOW)
    signed_in = await admit(db, claims("7", name="Someone"), [], NOW)

    assert (first.created, len(first.added), len(again.added)) == (True, 1, 0)
    assert signed_in.person.id == first.person.id
    assert (await rights_of(db, first.person.id)).roles == ((PlatformRole.ADMIN, "all"),)


async def test_an_administrator_is_no_auditor(db: AsyncSession) -> None:
    admission = await bootstrap(db, ISSUER, "7", NOW)
    db.add(
        RoleAssignment(
            person_id=admission.person.id, role=PlatformRole.AUDITOR, scope="all", managed_by=Source.MANUAL
        )
    )
    await db.flush()

    assert (await rights_of(db, admission.person.id)).roles == ((PlatformRole.ADMIN, "all"),)


async def test_scopes_from_several_sources_are_joined(db: AsyncSession, rules: list[MappingRule]) -> None:
    admission = await admit(db, claims(groups=["reviewers"]), rules, NOW)
    db.add(
        RoleAssignment(
            person_id=admission.person.id,
            role=PlatformRole.REVIEWER,
            scope='["risk"]',
            managed_by=Source.MANUAL,
        )
    )
    await db.flush()

    assert (await rights_of(db, admission.person.id)).roles == ((PlatformRole.REVIEWER, ("retail", "risk")),)


async def test_names_live_in_the_profile_alone(db: AsyncSession) -> None:
    admission = await admit(db, claims(email="a@example.org"), [], NOW)
    profile = (await db.exec(select(Profile).where(col(Profile.handle) == "member"))).one()

    assert profile.email == "a@example.org"
    assert set(admission.person.model_dump()) == {"id", "kind", "state", "created"}
