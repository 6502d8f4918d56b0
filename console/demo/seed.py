"""Fills an embedded installation by the same actions people use: rules, people, cluster, models."""

from collections.abc import Mapping
from pathlib import Path

from sqlmodel import col, select

from audit.events import Action
from console.catalog.addresses import check_address
from console.catalog.discovery import create_cluster, sync_cluster
from console.catalog.forms import ClusterCreate, ModelPublish, ServedAs
from console.catalog.publishing import publish_model
from console.catalog.rows import cluster_row
from console.demo.cards import Card, card_document, read_card
from console.models import Cluster, DataClass, Deployment, Route, Tier, Visibility
from console.people import rule_change  # noqa: F401 - registers the kind of change
from console.people.forms import MappingRuleCreate
from console.people.mapping import create_rule
from console.questions import Origin, Resource
from console.services import Services
from console.sign_in.admission import record_admission, remember_claims
from console.sign_in.providers import dev_issuer
from console.work import UnitOfWork
from sso.claims import IdTokenClaims
from sso.dev.people import DEMO_PEOPLE, DEMO_RULES, DemoPerson
from sso.directory import admit
from sso.models import MappingRule
from sso.principal import system_principal

CLUSTER = "demo"
NEWEST_WEIGHT = 100
VISIBILITY: Mapping[str, Visibility] = {"wine-quality": Visibility.SHARED}


async def seed(services: Services, url: str, models: Path) -> None:
    """Bring the demo's data up to date; a second run changes nothing that is there."""
    work = UnitOfWork(services, system_principal("demo"), Origin("demo"))
    await _seed_rules(work)
    for person in DEMO_PEOPLE.values():
        await _seed_person(services, person)
    await _seed_cluster(work, url)
    await sync_cluster(work, CLUSTER)
    await _publish_drafts(work, models)


async def _seed_rules(work: UnitOfWork) -> None:
    issuer = dev_issuer(work.services.settings)
    async with work.read() as session:
        known = {
            (rule.value, rule.role)
            for rule in await session.exec(select(MappingRule).where(col(MappingRule.issuer) == issuer))
        }
    for rule in DEMO_RULES:
        if (rule.value, rule.role) not in known:
            form = MappingRuleCreate(
                issuer=issuer, claim=rule.claim, value=rule.value, role=rule.role, team=rule.team
            )
            await create_rule(work, form)


async def _seed_person(services: Services, person: DemoPerson) -> None:
    # As at a first sign-in, so that tokens from the command line work before any browser was opened.
    given = {"groups": list(person.groups)}
    claims = IdTokenClaims(
        issuer=dev_issuer(services.settings),
        subject=person.subject,
        expires=0,
        issued=0,
        handle=person.handle,
        name=person.name,
        given=given,
    )
    work = UnitOfWork(services, system_principal("demo"), Origin("demo"))
    async with work.write() as session:
        admission = await admit(session, claims, await session.exec(select(MappingRule)), work.now)
        await record_admission(work, admission)
        await remember_claims(services, session, admission, claims)


async def _seed_cluster(work: UnitOfWork, url: str) -> None:
    async with work.read() as session:
        known = (await session.exec(select(Cluster).where(col(Cluster.name) == CLUSTER))).first()
    if known is None:
        await create_cluster(work, ClusterCreate(name=CLUSTER, url=url))
    elif known.url != (url := (await check_address(url, work.services.settings)).url):
        async with work.write() as session:
            cluster = await session.get_one(Cluster, known.id)
            cluster.url = url
            session.add(cluster)
            rows = [cluster_row(cluster, work.now)]
            await work.record(Action.CLUSTER_UPDATE, resource=Resource("cluster", known.id), rows=rows)


async def _publish_drafts(work: UnitOfWork, models: Path) -> None:
    drafted = (
        select(Deployment)
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .where(col(Cluster.name) == CLUSTER, col(Deployment.state) == "ready")
        .where(col(Deployment.version_id).is_(None))
    )
    async with work.read() as session:
        drafts = (await session.exec(drafted)).all()
        names = set(await session.exec(select(Route.name)))
    by_model: dict[str, list[Card]] = {}
    for draft in drafts:
        card = read_card(models, draft.upstream_name, draft.upstream_version)
        if card is not None:
            by_model.setdefault(card.name, []).append(card)
    for cards in by_model.values():
        newest = max(cards, key=_age)
        if f"{newest.team}.{newest.name}" not in names:
            await publish_model(work, _form(newest, cards, models))


def _form(newest: Card, cards: list[Card], models: Path) -> ModelPublish:
    return ModelPublish(
        team=newest.team,
        namespace=newest.team,
        name=newest.name,
        title=newest.title,
        summary=newest.summary,
        task=newest.task,
        purpose=newest.purpose,
        visibility=VISIBILITY.get(newest.name, Visibility.LISTED),
        tier=Tier(newest.tier),
        data_class=DataClass(newest.data_class),
        card=card_document(models, newest.name, newest.version) or {},
        versions=tuple(_served(card, newest, models) for card in sorted(cards, key=_age)),
    )


def _evidence(card: Card, models: Path) -> dict[str, str]:
    # The console computes the digest itself; without the file there is only what training says of it.
    place = f"{card.name}/{card.version}/model.joblib"
    if (models / place).is_file():
        return {"evidence_kind": "artifact", "evidence": card.artifact_sha256, "artifact": place}
    return {"evidence_kind": "declared", "evidence": card.artifact_sha256}


def _age(card: Card) -> tuple[int, str]:
    return len(card.version), card.version  # 10 comes after 9


def _served(card: Card, newest: Card, models: Path) -> ServedAs:
    return ServedAs(
        cluster=CLUSTER,
        upstream_name=card.name,
        upstream_version=card.version,
        label=card.version,
        weight=NEWEST_WEIGHT if card == newest else 0,
        **_evidence(card, models),
        card=card_document(models, card.name, card.version) or {},
    )
