from uuid import UUID

from policy.canonical import canonical
from policy.decision import Query
from policy.facts import (
    describe_access_request,
    describe_change,
    describe_context,
    describe_grant,
    describe_resource,
    describe_review,
    describe_route,
    describe_subject,
    describe_system,
    groups_of,
)
from policy.grants import GrantFacts
from policy.models import PrincipalType

PERSON, ROUTE, TEAM = UUID(int=1), UUID(int=2), UUID(int=3)
SUBJECT = describe_subject(
    id=PERSON,
    kind="person",
    method="bearer",
    teams=["retail", "risk", "retail"],
    owner_of=["risk"],
    roles=[("reviewer", ["vision", "health"]), ("auditor", "all")],
    acr="gold",
    auth_time=5,
)
DESCRIBED = describe_route(
    id=ROUTE, name="risk.m", team="risk", visibility="listed", tier="low", data_class="public"
)


def grant(kind: PrincipalType, revoked_at: int | None = None) -> GrantFacts:
    return GrantFacts(
        id=UUID(int=4),
        permission="model.invoke",
        principal_type=kind,
        principal_id=TEAM,
        resource_type="route",
        resource_id=ROUTE,
        starts=1_500_000,
        ends=9_900_000,
        revoked_at=revoked_at,
    )


def test_a_subject_has_each_team_once_in_order() -> None:
    assert SUBJECT["teams"] == ["retail", "risk"]
    assert SUBJECT["roles"] == [
        {"role": "reviewer", "scope": ["health", "vision"]},
        {"role": "auditor", "scope": "all"},
    ]
    assert SUBJECT["auth"] == {"method": "bearer", "acr": "gold", "auth_time": 5}
    assert (SUBJECT["scopes"], SUBJECT["id"]) == (None, str(PERSON))


def test_the_system_is_the_system_in_kind_and_method() -> None:
    assert describe_system()["kind"] == "system"
    assert describe_system()["auth"] == {"method": "system", "acr": None, "auth_time": None}


def test_a_grant_is_held_by_a_team_by_its_name_and_by_others_by_their_id() -> None:
    assert describe_grant(grant(PrincipalType.TEAM), team="retail")["principal_id"] == "retail"
    assert describe_grant(grant(PrincipalType.PERSON))["principal_id"] == str(TEAM)


def test_a_grants_times_are_whole_seconds_never_later_than_it_ends() -> None:
    described = describe_grant(grant(PrincipalType.PERSON))
    assert (described["starts"], described["ends"]) == (1, 9)
    assert describe_grant(grant(PrincipalType.PERSON, revoked_at=3_200_000))["ends"] == 3


def test_an_access_request_speaks_of_its_route() -> None:
    described = describe_access_request("change-1", DESCRIBED)
    assert (described["type"], described["id"], described["team"]) == ("access_request", "change-1", "risk")
    assert described["visibility"] == "listed"


def test_a_resource_without_id_is_its_collection() -> None:
    assert describe_resource("audit") == {"type": "audit"}
    assert describe_resource("session", id=PERSON, person="p") == {
        "type": "session",
        "id": str(PERSON),
        "person": "p",
    }


def test_groups_are_the_owned_teams_and_the_reviewers_in_scope() -> None:
    assert groups_of(SUBJECT, "risk") == {"owner:risk"}
    assert groups_of(SUBJECT, "vision") == {"owner:risk", "reviewer"}
    assert groups_of(SUBJECT, "retail") == {"owner:risk"}
    everywhere = describe_subject(id="r", kind="person", method="session", roles=[("reviewer", "all")])
    assert groups_of(everywhere, "retail") == {"reviewer"}


def test_the_parts_make_a_document() -> None:
    change = describe_change(
        id="c",
        requester=PERSON,
        content_hash="aa",
        tier="low",
        data_class="public",
        team="risk",
        receiving_team="retail",
        reviews=[describe_review("o", "approve", {"owner:risk"})],
    )
    context = describe_context(now=9, allowed_acr=["gold"], profile="embedded", change=change)
    query = Query(SUBJECT, "access_request.review", describe_access_request("c", DESCRIBED), (), context)
    document = query.document()
    assert list(document) == ["action", "subject", "resource", "context", "grants", "v"]
    assert canonical(document)
