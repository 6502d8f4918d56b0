"""A demo in use: a directory is followed, access is reviewed, somebody is away, a policy is drafted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.sign_in.providers import DEV_PROVIDER_PATH
from tests.console.directory.told_realm import NAME, ToldRealm
from tests.journeys.golden import REQUESTS, review
from tests.journeys.product import Stage, until
from tests.patience import PATIENCE
from tests.real.big_realm import group_path

PEOPLE, TEAMS, MEMBERSHIPS = 40, 8, 60
ROUTE = "risk.credit-default"
NEW_CLUSTER = "evening"


@dataclass(frozen=True)
class Furnished:
    """Where the pages are that need an id."""

    member: str
    campaign: str
    draft: str

    @property
    def pages(self) -> dict[str, list[str]]:
        """The pages of each person's work with people, reviews and policies."""
        return {
            "admin": [
                *("/people", "/people?q=nobody-of-this-name", f"/people/{self.member}", "/people/alone"),
                *(f"/people/{self.member}/sessions", "/people/teams", "/people/teams/risk", "/people/rules"),
                *("/people/keys", "/admin/directory", "/admin/directories", "/admin/break-glass"),
                *("/me", "/me/sessions", "/reviews/campaigns", f"/reviews/campaigns/{self.campaign}"),
                *("/reviews/orphans", "/policies", f"/policies/drafts/{self.draft}"),
            ],
            "owner": [
                *("/people/teams", "/people/teams/risk", "/me/sessions", "/me/deputies", "/grants"),
                *("/reviews/campaigns", f"/reviews/campaigns/{self.campaign}", "/reviews/orphans"),
                *(f"/models/{ROUTE}/change", f"/models/{ROUTE}/default", "/models/publish"),
            ],
            "reviewer": ["/me/deputies", "/reviews/orphans"],
            "auditor": ["/admin/directory", "/policies", "/access/explain", "/access/as-of"],
        }


def followed(url: str) -> dict[str, str]:
    """Return the settings of a demo that follows the told realm at `url`."""
    issuer = {"url": f"{url}/realms/{NAME}", "client_id": "guildhall", "name": "The company's Keycloak"}
    return {
        "GUILDHALL_SIGN_IN__ISSUERS": json.dumps([issuer]),
        "GUILDHALL_DIRECTORY__SERVER_URL": url,
        "GUILDHALL_DIRECTORY__REALM": NAME,
        "GUILDHALL_DIRECTORY__CLIENT_SECRET": "not asked for",
    }


def way_in(url: str) -> str:
    """Return the path that leads to the development provider."""
    return f"/sign-in?issuer={url}{DEV_PROVIDER_PATH}"


def small_realm() -> ToldRealm:
    """Return a realm that a demo can follow."""
    return ToldRealm.sized(PEOPLE, TEAMS, MEMBERSHIPS)


def furnish(stage: Stage, directory: str) -> Furnished:
    """Do by API what a company does in its first weeks."""
    admin = stage.token("admin")
    _have_access_granted(stage)
    _serve_something_new(stage, admin)
    body = {"team": "risk", "answer_days": 14, "reason": "The review of the first quarter"}
    campaign = _sent(stage, "/campaigns", body, admin)["id"]
    _preview_a_sync(stage, directory)
    away = {"deputy": "reviewer", "days": 7, "away": True, "reason": "On holiday"}
    _sent(stage, "/delegations", away, stage.token("owner"))
    draft = _replay_a_draft(stage, admin)
    found = stage.product.ask("GET", "/api/v1/people?q=member", token=admin).json["items"]
    return Furnished(found[0]["id"], campaign, draft)


def _replay_a_draft(stage: Stage, admin: str) -> str:
    draft: str = _sent(stage, "/policies/drafts", {}, admin)["id"]
    _sent(stage, f"/policies/drafts/{draft}/replay", {"days": 1}, admin)

    def replayed() -> bool:
        shown = stage.product.ask("GET", f"/api/v1/policies/drafts/{draft}", token=admin).json
        return bool(shown["replay"]["state"] == "done")

    until(replayed, seconds=PATIENCE, what="the draft is replayed")
    return draft


def _have_access_granted(stage: Stage) -> None:
    wanted = {"route": ROUTE, "team": "retail", "purpose": "Order applications by risk", "duration_days": 90}
    request = _sent(stage, REQUESTS.removeprefix("/api/v1"), wanted, stage.token("member"))
    for person in ("owner", "reviewer"):
        assert review(stage, person, request, step_up=True).status == 201


def _serve_something_new(stage: Stage, admin: str) -> None:
    # The demo publishes all that its cluster serves: by another name it serves the same as drafts.
    [serving] = stage.product.ask("GET", "/api/v1/clusters", token=admin).json["items"]
    _sent(stage, "/clusters", {"name": NEW_CLUSTER, "url": serving["url"]}, admin)
    _sent(stage, f"/clusters/{NEW_CLUSTER}/sync", {}, admin)


def _preview_a_sync(stage: Stage, directory: str) -> None:
    admin = stage.token("admin")
    for team in range(3):
        rule = {"issuer": f"{directory}/realms/{NAME}", "claim": "groups", "value": group_path(team)}
        _sent(stage, "/mapping-rules", {**rule, "role": "member", "team": "retail"}, admin)
    _sent(stage, "/directory/sync", {"dry_run": True}, admin)
    until(_is_done(stage, admin), seconds=PATIENCE, what="the preview is there")


def _is_done(stage: Stage, token: str) -> Callable[[], bool]:
    def newest() -> bool:
        runs = stage.product.ask("GET", "/api/v1/directory", token=token).json["runs"]
        return bool(runs and runs[0]["dry_run"] and runs[0]["state"] == "done")

    return newest


def _sent(stage: Stage, path: str, body: dict[str, Any], token: str) -> Any:
    answer = stage.product.ask("POST", f"/api/v1{path}", body, token=token)
    assert answer.status < 300, (path, answer.text)
    return answer.json
