"""The production profile on real parts, set up as operators would: migrate, bootstrap, sign in, publish."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.demo.cards import card_document, read_card
from tests.journeys.installed import Parts, installed, reading_keys_only, reading_only, server_settings
from tests.journeys.product import Product, Reply, Stage
from tests.real.browserless import Browser, access_token, walk_login
from tests.real.keycloak_server import KeycloakServer
from tests.real.mlserver import MlServer

PEOPLE = {name: f"{name}1" for name in ("member", "owner", "reviewer", "admin", "auditor")}
SECOND_ADMIN = "admin2"
"""Publishing is not approved until an admin besides the first has signed in."""
RULES: tuple[dict[str, Any], ...] = (
    {"value": "guildhall-admins", "role": "admin"},
    {"value": "guildhall-auditors", "role": "auditor"},
    {"value": "guildhall-reviewers", "role": "reviewer"},
    {"value": "risk-owners", "role": "owner", "team": "risk"},
    {"value": "retail", "role": "member", "team": "retail"},
)
CLUSTER = "serving"
MODEL = "credit-default"


@contextmanager
def production_stage(
    data: Path, parts: Parts, *, roles: tuple[str, ...] = ("all",), visibility: str = "listed"
) -> Iterator[Stage]:
    """An installation on `parts` with one published model, its `roles` a process each."""
    data.mkdir(parents=True)
    product = installed(data, parts.keycloak, server_settings(data, parts) | artifacts_of(parts.mlserver))
    people = People(product, parts.keycloak)
    try:
        migrate_and_bootstrap(product, parts.keycloak)
        serve(product, roles, _own_settings(data, parts) if "worker" in roles else {})
        yield set_up(people, parts.mlserver, visibility)
    finally:
        product.close()


@contextmanager
def small_production_stage(data: Path, keycloak: KeycloakServer, mlserver: MlServer) -> Iterator[Stage]:
    """One host with SQLite, embedded Rego and a file sink; only the identity provider is elsewhere."""
    data.mkdir(parents=True)
    product = installed(data, keycloak, artifacts_of(mlserver))
    try:
        migrate_and_bootstrap(product, keycloak)
        serve(product, ("all",), {})
        yield set_up(People(product, keycloak), mlserver, "listed")
    finally:
        product.close()


@dataclass(frozen=True)
class People:
    """Where the realm's people sign in, and who vouches for them."""

    product: Product
    keycloak: KeycloakServer

    def token(self, person: str, step_up: bool) -> str:
        """A real access token; stepped up it has acr gold and a fresh auth_time."""
        return access_token(self.keycloak, PEOPLE[person], step_up=step_up)


def set_up(people: People, mlserver: MlServer, visibility: str) -> Stage:
    """What the first days bring: rules, everybody's first sign-in, a cluster, a published model."""
    stage = Stage(people.product, PEOPLE, people.token)
    add_rules(stage, people.keycloak.issuer)
    for person in PEOPLE.values():
        sign_in(people.product, people.keycloak, person)
    add_cluster(stage, mlserver.url)
    document = {**model_document(mlserver.models), "visibility": visibility}
    asked = publish(stage, document)
    assert (asked.status, asked.json["state"]) == (201, "pending"), asked.text
    early = approve(stage, asked.json)
    assert (early.status, "second admin" in early.json["detail"]) == (409, True), early.text
    sign_in(people.product, people.keycloak, SECOND_ADMIN)
    made = approve(stage, asked.json)
    assert (made.status, made.json["state"]) == (201, "approved"), made.text
    return stage


def artifacts_of(mlserver: MlServer) -> dict[str, str]:
    """Let the console read the artifacts that the cluster serves; a high tier needs them."""
    return {"GATEWAY__ARTIFACTS": json.dumps({CLUSTER: str(mlserver.models)})}


def migrate_and_bootstrap(product: Product, keycloak: KeycloakServer) -> None:
    """Make the tables and the first admin; a second first admin is refused."""
    assert product.cli("db", "check").returncode == 1
    upgraded = product.cli("db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert product.cli("db", "check").returncode == 0
    first = ("bootstrap", "--issuer", keycloak.issuer, "--subject", keycloak.subjects["admin1"])
    made = product.cli(*first)
    assert made.returncode == 0, made.stderr
    assert product.cli(*first).returncode == 1


def _own_settings(data: Path, parts: Parts) -> dict[str, Mapping[str, str]]:
    log = reading_only(data, parts.database)
    return {"console": log, "gateway": {**log, **reading_keys_only(data, parts.keys)}}


def serve(product: Product, roles: tuple[str, ...], own: Mapping[str, Mapping[str, str]]) -> None:
    """Start a process for each role and return once those that answer HTTP can work.

    `own` are the settings that only one role has.
    """
    if roles == ("all",):
        product.gateway_url = product.url
    for role in roles:
        port = ["--port", product.gateway_url.rpartition(":")[2]] if role == "gateway" else []
        product.start(role, "serve", "--role", role, *port, own=own.get(role, {}))
    for role in roles:
        if role != "worker":
            product.wait(role, product.gateway_url if role == "gateway" else product.url)


def sign_in(product: Product, keycloak: KeycloakServer, person: str) -> Browser:
    """Walk through the console's sign-in and Keycloak's pages; return the browser with its session."""
    browser = Browser()
    callback = f"{product.url}/sign-in/callback"
    start, password = f"{product.url}/sign-in?next_path=/models", keycloak.people[person]
    answer = browser.get(walk_login(start, person, password, until=callback, browser=browser))
    assert (answer.status, answer.headers.get("location")) == (302, "/models"), answer.text
    return browser


def add_rules(stage: Stage, issuer: str) -> None:
    """Let the first admin say which groups of the provider mean which rights here."""
    token = stage.token("admin")
    for rule in RULES:
        wanted: Mapping[str, Any] = {"issuer": issuer, "claim": "groups", **rule}
        added = stage.product.ask("POST", "/api/v1/mapping-rules", wanted, token=token)
        assert added.status == 201, added.text


def add_cluster(stage: Stage, url: str) -> None:
    """Let the admin name the cluster that already runs, and ask it what it serves."""
    token = stage.token("admin")
    added = stage.product.ask("POST", "/api/v1/clusters", {"name": CLUSTER, "url": url}, token=token)
    assert added.status == 201, added.text
    synced = stage.product.ask("POST", f"/api/v1/clusters/{CLUSTER}/sync", token=token)
    assert (synced.status, synced.json["drafts"]) == (200, synced.json["served"]), synced.text


def publish(stage: Stage, document: dict[str, Any]) -> Reply:
    """Let the owner ask that what was discovered is published."""
    return stage.product.ask("POST", "/api/v1/models", document, token=stage.token("owner"))


def approve(stage: Stage, asked: Mapping[str, Any]) -> Reply:
    """Let the reviewer sign what the owner asked for."""
    answer = {
        "decision": "approve",
        "meaning": "The card says what it is for",
        "content_hash": asked["content_hash"],
    }
    token = stage.token("reviewer", step_up=True)
    return stage.product.ask("POST", f"/api/v1/changes/{asked['id']}/reviews", answer, token=token)


def model_document(models: Path) -> dict[str, Any]:
    """What the owner sends: the model card as training wrote it, the newer of two versions in use."""
    card = read_card(models, MODEL, "2")
    assert card is not None
    words = ("title", "summary", "task", "purpose", "tier", "data_class")
    return {
        **{word: getattr(card, word) for word in words},
        "team": card.team,
        "namespace": card.team,
        "name": MODEL,
        "card": card_document(models, MODEL, "2"),
        "versions": [served(models, "1", 0), served(models, "2", 100)],
    }


def served(models: Path, version: str, weight: int) -> dict[str, Any]:
    """One version as the cluster knows it."""
    card = read_card(models, MODEL, version)
    assert card is not None
    return {
        "cluster": CLUSTER,
        "upstream_name": MODEL,
        "upstream_version": version,
        "label": version,
        "weight": weight,
        "evidence_kind": "artifact",
        "evidence": card.artifact_sha256,
        "artifact": f"{MODEL}/{version}/model.joblib",
        "card": card_document(models, MODEL, version),
    }
