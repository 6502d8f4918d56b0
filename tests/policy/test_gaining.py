"""Whoever gains by another bundle is found by the probes, whether it names them, their role or their team."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from console.policies.probes import probes_of
from policy import replay
from policy.bundles import Bundle, read_bundle, revise
from policy.decision import Document
from policy.errors import BundleError
from policy.facts import describe_subject
from policy.gaining import newly_allowed

pytestmark = pytest.mark.slow
NOW = 1_797_000_000
FRIEND = """
role_grounds contains "friend" if {
	input.subject.id == "friend"
	input.action == "%s"
}
"""


def person(name: str, *, teams: tuple[str, ...] = (), scope: Any = "all") -> Document:
    roles = [("reviewer", scope)] if scope else []
    return describe_subject(
        id=name, kind="person", method="session", teams=teams, owner_of=teams, roles=roles
    )


def candidate(change: Callable[[dict[str, Any]], None]) -> Bundle:
    """The shipped rules with other tables."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    change(data["guildhall"])
    files["data.json"] = json.dumps(data)
    return Bundle(files, revise(files))


def naming_a_friend(action: str) -> Bundle:
    files = dict(read_bundle().files)
    files["guildhall/authz/grounds.rego"] += FRIEND % action
    return Bundle(files, revise(files))


def gains(bundle: Bundle, subject: Document) -> set[str]:
    asked = probes_of(subject, NOW, "production")
    found = newly_allowed(read_bundle(), bundle, asked)
    return {query.action for query, flips in zip(asked, found, strict=True) if flips}


def test_nobody_gains_by_a_word_that_no_rule_reads() -> None:
    assert gains(candidate(lambda tables: tables.update(note="x")), person("r")) == set()


@pytest.mark.parametrize("action", ["role.assign", "model.invoke", "audit.export", "change.review"])
def test_whoever_a_rule_names_gains_and_nobody_else(action: str) -> None:
    friend = person(
        "friend", scope=None if action == "change.review" else "all"
    )  # a reviewer has that already
    assert gains(naming_a_friend(action), friend) == {action}
    assert gains(naming_a_friend(action), person("other")) == set()


def test_nobody_is_cleared_by_a_question_that_the_candidate_does_not_come_to_an_end_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "BATCH_SECONDS", 1.0)
    monkeypatch.setattr(replay, "ALONE_SECONDS", 1.0)
    files = dict(naming_a_friend("role.assign").files)
    grounds = "guildhall/authz/grounds.rego"
    files[grounds] = files[grounds].replace(
        'input.action == "role.assign"',
        'input.action == "role.assign"\n\tsum(numbers.range(1, 300000000)) > 0',
    )
    with pytest.raises(BundleError, match="did not come to an end with every question"):
        gains(Bundle(files, revise(files)), person("friend"))


def test_who_would_answer_what_they_did_not_gains() -> None:
    def owners_answer(tables: dict[str, Any]) -> None:
        tables["changes"]["sink"]["answers"] = [{"group": "owner:risk", "count": 1}]

    bundle = candidate(owners_answer)
    assert gains(bundle, person("o", teams=("risk",), scope=None)) == {"change.review"}
    assert gains(bundle, person("p", teams=("health",), scope=None)) == set()
    assert gains(bundle, person("r")) == set()


def test_a_role_that_may_more_makes_its_holders_gain() -> None:
    bundle = candidate(lambda tables: tables["platform_roles"]["reviewer"].append("sink.update"))
    assert gains(bundle, person("r")) == {"sink.update"}
    assert gains(bundle, person("o", teams=("risk",), scope=None)) == set()


def test_who_loses_does_not_gain() -> None:
    bundle = candidate(lambda tables: tables["platform_roles"]["reviewer"].remove("route.stop"))
    assert gains(bundle, person("r")) == set()


def test_rules_that_do_not_compile_say_nothing_of_anybody() -> None:
    with pytest.raises(BundleError):
        newly_allowed(read_bundle(), Bundle({"a.rego": "package"}, "0" * 64), ())
