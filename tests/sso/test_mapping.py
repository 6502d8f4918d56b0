from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from sso.errors import SignInError
from sso.mapping import Rights, apply
from sso.models import PlatformRole, RuleMatcher, RuleRole, TeamRole

RETAIL, RISK = UUID(int=1), UUID(int=2)


@dataclass
class GivenRule:
    value: str
    role: RuleRole
    team_id: UUID | None = None
    scope: str = "all"
    claim: str = "groups"
    issuer: str = "https://id.example"
    matcher: RuleMatcher = RuleMatcher.EXACT


RULES = [
    GivenRule("retail", RuleRole.MEMBER, RETAIL),
    GivenRule("risk-owners", RuleRole.OWNER, RISK),
    GivenRule("eu-reviewers", RuleRole.REVIEWER, scope='["retail"]'),
    GivenRule("us-reviewers", RuleRole.REVIEWER, scope='["risk"]'),
    GivenRule("chief", RuleRole.REVIEWER, claim="title"),
]


def given(**claims: Any) -> Rights:
    return apply(RULES, {"iss": "https://id.example", **claims})


def test_a_value_gives_what_its_rule_says() -> None:
    assert given(groups=["retail", "risk-owners"]).memberships == {
        (RETAIL, TeamRole.MEMBER),
        (RISK, TeamRole.OWNER),
    }


@pytest.mark.parametrize(
    "groups", [["Retail"], ["retail "], ["retail/sub"], "reta", [], None, 7, {"retail": 1}, [["retail"]]]
)
def test_only_the_exact_value_matches(groups: object) -> None:
    assert given(groups=groups) == Rights()


def test_another_issuer_gives_nothing() -> None:
    assert apply(RULES, {"iss": "https://evil.example", "groups": ["retail"]}) == Rights()


def test_a_single_text_counts_as_one_value() -> None:
    assert given(title="chief").roles == {(PlatformRole.REVIEWER, "all")}


def test_scopes_of_the_same_role_are_joined() -> None:
    both = given(groups=["us-reviewers", "eu-reviewers"])
    widest = given(groups=["us-reviewers"], title="chief")

    assert both.roles == {(PlatformRole.REVIEWER, '["retail","risk"]')}
    assert widest.roles == {(PlatformRole.REVIEWER, "all")}


@pytest.mark.parametrize(
    "sign", [{"_claim_names": {"groups": "src1"}}, {"hasgroups": True}, {"hasgroups": "true"}]
)
def test_case_21_left_out_groups_are_refused_with_the_reason(sign: dict[str, object]) -> None:
    with pytest.raises(SignInError) as refusal:
        given(**sign)
    assert refusal.value.reason == "groups_overage"


def test_case_21_many_groups_are_fine() -> None:
    many = [f"group-{number}" for number in range(5000)]

    assert given(groups=[*many, "retail"]).memberships == {(RETAIL, TeamRole.MEMBER)}
