"""What is asked of both policies to find who gains by another: every permission, on made-up resources.

No list of questions finds every way to gain: a rule may name one route or one hour. What was really asked in
the days of the replay is looked at beside these (`console.policies.gainers`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from policy.decision import Document, Query
from policy.facts import describe_change, describe_change_of, describe_context
from policy.models import ChangeKind
from policy.permissions import Permission

ACR: Final = "probe"
SOMEBODY: Final = "somebody-else"
ELSEWHERE: Final = "a-team-of-others"
RISK: Final[Mapping[str, str]] = {"tier": "high", "data_class": "special", "purpose": "probe"}
OPEN: Final = ("listed", "shared")
ON_MODELS: Final = frozenset({"model", "route", "access_request"})
ON_CHANGES: Final = (Permission.CHANGE_CREATE, Permission.CHANGE_REVIEW)
ON_REQUESTS: Final = (Permission.ACCESS_REQUEST_READ, Permission.ACCESS_REQUEST_REVIEW)


def probes_of(subject: Document, now: int, profile: str) -> tuple[Query, ...]:
    """Return the questions about one person, by the strongest sign-in they could have."""
    strong = {**subject, "auth": {"method": "session", "acr": ACR, "auth_time": now}}
    teams = (ELSEWHERE, *_names(subject.get("teams"))[:1])

    def query(action: str, resource: Document, change: Document | None = None) -> Query:
        context = describe_context(now=now, allowed_acr=[ACR], profile=profile, change=change)
        return Query(strong, action, resource, (), context)

    rights = [(action, one) for action in Permission for one in _resources(action, teams)]
    return (
        *(query(action, resource) for action, resource in rights),
        *(query(action, *asked) for action in ON_CHANGES for asked in _changes(teams)),
        *(query(action, *asked) for action in ON_REQUESTS for asked in _requests(teams)),
    )


def _resources(action: str, teams: tuple[str, ...]) -> Iterator[Document]:
    """Return the collection, and one thing of each team, with every fact that a rule could read."""
    kind = action.rpartition(".")[0]
    yield {"type": kind, "id": None}
    for team in teams:
        yield _thing(kind, team, "hidden", teams[-1])
    for visibility in OPEN if kind in ON_MODELS else ():
        yield _thing(kind, ELSEWHERE, visibility, teams[-1])


def _thing(kind: str, team: str, visibility: str, receiving: str) -> Document:
    return {
        "type": kind,
        "id": "probe",
        "name": f"{team}.probe",
        "team": team,
        "visibility": visibility,
        "tier": RISK["tier"],
        "data_class": RISK["data_class"],
        "state": "active",
        "receiving_team": receiving,
        "role": "owner",
        "managed_by": "manual",
        "person": SOMEBODY,
    }


def _changes(teams: tuple[str, ...]) -> Iterator[tuple[Document, Document]]:
    for kind in ChangeKind:
        for team in ("", *teams[1:]):
            whose = {"team": team} if team else {}
            change = describe_change_of(
                kind.value, id="probe", requester=SOMEBODY, content_hash="probe", about={**RISK, **whose}
            )
            yield (
                {"type": "change", "id": "probe", "kind": kind.value, **whose},
                {**change, "standing": []},
            )


def _requests(teams: tuple[str, ...]) -> Iterator[tuple[Document, Document]]:
    for team in teams:
        change = describe_change(
            id="probe",
            requester=SOMEBODY,
            content_hash="probe",
            tier=RISK["tier"],
            data_class=RISK["data_class"],
            team=team,
            receiving_team=ELSEWHERE,
            purpose=RISK["purpose"],
            duration_days=1,
        )
        yield _thing("access_request", team, "listed", ELSEWHERE), change


def _names(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
