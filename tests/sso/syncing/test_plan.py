from uuid import UUID, uuid4

from sso.mapping import Rights
from sso.models import MappingRule, PlatformRole, RuleRole, TeamRole
from sso.syncing.held import HeldPerson
from sso.syncing.plan import Kind, Plan, make_plan, missing
from sso.syncing.snapshot import DirectoryPerson, Snapshot

ISSUER, OTHER = "https://id.example.org/realms/staff", "https://other.example.org"
RISK, RETAIL = uuid4(), uuid4()
CLAIMS = frozenset({"groups", "organization"})


def rule(
    value: str, role: RuleRole, team: UUID | None = None, claim: str = "groups", issuer: str = ISSUER
) -> MappingRule:
    return MappingRule(issuer=issuer, claim=claim, value=value, team_id=team, role=role, created=0)


RULES = [
    rule("/risk", RuleRole.MEMBER, RISK),
    rule("/retail", RuleRole.MEMBER, RETAIL),
    rule("/auditors", RuleRole.AUDITOR),
]


def somebody(subject: str, *groups: str, enabled: bool = True, name: str = "Ada") -> DirectoryPerson:
    return DirectoryPerson(subject, subject, name, None, enabled, {"groups": groups, "organization": ()})


def held(
    *teams: UUID, active: bool = True, others: frozenset[str] = frozenset(), **more: object
) -> HeldPerson:
    rights = Rights(frozenset((team, TeamRole.MEMBER) for team in teams), more.get("roles", frozenset()))  # type: ignore[arg-type]
    return HeldPerson(uuid4(), active, "Ada", None, rights, others)


def plan(
    people: list[DirectoryPerson],
    known: dict[str, HeldPerson],
    *,
    gone: frozenset[str] = frozenset(),
    ended: frozenset[str] = frozenset(),
    rules: list[MappingRule] | None = None,
) -> Plan:
    snapshot = Snapshot(ISSUER, {one.subject: one for one in people}, gone)
    return make_plan(snapshot, known, RULES if rules is None else rules, known_claims=CLAIMS, ended=ended)


def test_somebody_new_gets_what_a_sign_in_would_give() -> None:
    (change,) = plan([somebody("ada", "/risk", "/auditors")], {}).changes
    assert change.kind is Kind.ADD
    assert change.rights.memberships == {(RISK, TeamRole.MEMBER)}
    assert change.rights.roles == {(PlatformRole.AUDITOR, "all")}
    assert not change.takes


def test_nothing_is_planned_where_all_is_as_it_should_be() -> None:
    assert plan([somebody("ada", "/risk")], {"ada": held(RISK)}).changes == ()


def test_a_group_left_takes_the_right_of_it_and_no_other() -> None:
    (change,) = plan([somebody("ada", "/risk")], {"ada": held(RISK, RETAIL)}).changes
    assert change.lost.memberships == {(RETAIL, TeamRole.MEMBER)}
    assert change.gained == Rights()
    assert change.takes


def test_disabled_and_gone_people_end_and_others_of_that_state_are_left() -> None:
    known = {"off": held(RISK), "gone": held(RISK), "out": held(active=False)}
    planned = plan([somebody("off", enabled=False)], known, gone=frozenset({"gone", "out"}))
    assert {change.subject: change.kind for change in planned.changes} == {"off": Kind.END, "gone": Kind.END}
    assert planned.taking == 2


def test_a_disabled_stranger_is_not_added() -> None:
    assert plan([somebody("ada", "/risk", enabled=False)], {}).changes == ()


def test_only_whom_a_sync_ended_comes_back_with_it() -> None:
    known = {"ours": held(active=False), "theirs": held(active=False)}
    people = [somebody("ours", "/risk"), somebody("theirs", "/risk")]
    (change,) = plan(people, known, ended=frozenset({"ours"})).changes
    assert (change.kind, change.subject) == (Kind.RETURN, "ours")


def test_what_a_claim_gave_that_the_directory_cannot_see_stays() -> None:
    rules = [*RULES, rule("blue", RuleRole.MEMBER, RETAIL, claim="department")]
    assert plan([somebody("ada", "/risk")], {"ada": held(RISK, RETAIL)}, rules=rules).changes == ()


def test_what_another_issuer_gave_stays_only_for_whom_it_knows() -> None:
    rules = [RULES[0], rule("/retail", RuleRole.MEMBER, RETAIL, issuer=OTHER)]
    known = {"both": held(RISK, RETAIL, others=frozenset({OTHER})), "one": held(RISK, RETAIL)}
    (change,) = plan([somebody("both", "/risk"), somebody("one", "/risk")], known, rules=rules).changes
    assert change.subject == "one"


def test_a_right_that_no_rule_gives_any_more_goes() -> None:
    (change,) = plan([somebody("ada", "/risk")], {"ada": held(RISK)}, rules=[]).changes
    assert change.lost.memberships == {(RISK, TeamRole.MEMBER)}


def test_a_role_whose_scope_changes_is_replaced() -> None:
    wider = held(roles=frozenset({(PlatformRole.AUDITOR, '["risk"]')}))
    (change,) = plan([somebody("ada", "/auditors")], {"ada": wider}).changes
    assert change.lost.roles == {(PlatformRole.AUDITOR, '["risk"]')}
    assert change.gained.roles == {(PlatformRole.AUDITOR, "all")}


def test_a_new_name_alone_takes_nothing() -> None:
    (change,) = plan([somebody("ada", "/risk", name="Ada Lovelace")], {"ada": held(RISK)}).changes
    assert (change.kind, change.takes) == (Kind.CHANGE, False)


def test_whom_a_reading_did_not_show_is_asked_for_by_name() -> None:
    snapshot = Snapshot(ISSUER, {"here": somebody("here")})
    known = {"here": held(), "away": held(), "out": held(active=False)}
    assert missing(snapshot, known) == {"away"}
