"""What a call needs from the tables, in one read transaction: the route, the question, the deployment."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome
from console.catalog.facts import RouteFacts, covering_grants, find_route
from console.catalog.names import is_route_name
from console.freshness.moves import ANY, Move
from console.gateway.table import Match
from console.gateway.upstream import Target
from console.models import Cluster, Deployment, RouteTarget, Version
from console.policies.active import Active
from console.questions import Origin, ask
from console.services import Services
from policy.decision import Decision, Query
from policy.models import Grant
from sso.principal import Principal

DIFFERS: Final = "version_differs"
"""The reason of a call on a version that is no longer what was approved (console.catalog.polling)."""
GRANT_MATCH: Final = "grant:"


@dataclass(frozen=True, slots=True)
class Listed:
    """One deployment a route lists; `differs` says that it is no longer as it was approved."""

    deployment_id: UUID
    differs: bool
    label: str
    weight: int
    cluster: str
    target: Target
    upstream_name: str
    upstream_version: str


@dataclass(frozen=True, slots=True)
class Routed:
    """A known route, the question to decide, and what could serve the call."""

    facts: RouteFacts
    query: Query
    grants: tuple[Grant, ...]
    listed: tuple[Listed, ...]
    active: Active

    def choose(self, version: str | None) -> Listed | None:
        """Return the deployment for `version`, or by weight when none is named; None if there is none."""
        fitting = [item for item in self.listed if version is None or item.label == version]
        weights = [item.weight for item in fitting]
        if not fitting or not sum(weights):
            return fitting[0] if fitting else None
        point = secrets.randbelow(sum(weights))
        for item in fitting:
            if point < item.weight:
                return item
            point -= item.weight
        return fitting[-1]

    def differs(self, listed: Listed) -> bool:
        """Whether a deployment that was chosen before has come to differ since, or is listed no more."""
        return all(item.differs for item in self.listed if item.deployment_id == listed.deployment_id)

    def depends(self) -> frozenset[Move]:
        """Return what the question was made of, besides the caller."""
        of_route = {Move("route", self.facts.route.id.hex), Move("model", self.facts.model.id.hex)}
        of_listed = {Move("deployment", item.deployment_id.hex) for item in self.listed}
        return frozenset({*of_route, *of_listed, Move("team", ANY)})

    def grant_used(self, decision: Decision) -> tuple[UUID, UUID] | None:
        """Return the grant that allowed the call and the access request it came from."""
        named = {code.removeprefix(GRANT_MATCH) for code in decision.matched if code.startswith(GRANT_MATCH)}
        for grant in self.grants:
            if str(grant.id) in named:
                return grant.id, grant.change_id
        return None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and from where."""

    principal: Principal
    origin: Origin


@dataclass(slots=True)
class Evaluated:
    """What an engine said to one question, for all calls that may reuse it.

    `taken`: a call has its decision's own id. `recorded`: the question and answer stand in a record.
    """

    routed: Routed | None = None
    decision: Decision | None = None
    taken: bool = False
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided on a call, and on which evaluation; all None for a route that does not exist."""

    routed: Routed | None = None
    decision: Decision | None = None
    evaluated: Evaluated | None = None

    def note_recorded(self) -> None:
        """Say that what this rests on stands in a record, so that others need only name it."""
        if self.evaluated is not None:
            self.evaluated.recorded = True

    @property
    def reused(self) -> UUID | None:
        """The earlier decision whose evaluation this one reuses, if it does."""
        first = self.evaluated.decision if self.evaluated else None
        return first.id if first and self.decision and first.id != self.decision.id else None

    @property
    def allowed(self) -> bool:
        """Whether the call may be made."""
        return self.decision is not None and self.decision.allow

    def outcome(self, reasons: Sequence[str]) -> Outcome:
        """Return what a refusal is recorded as: what was allowed and could not be served is a failure."""
        return Outcome.FAILURE if self.allowed and DIFFERS not in reasons else Outcome.DENIED


async def route_call(services: Services, principal: Principal, match: Match) -> Routed | None:
    """Read what the call needs; None when there is no route by this name.

    Raises:
        DBAPIError: the tables could not be read.
    """
    if not is_route_name(match.model):
        return None
    async with services.database.read() as session:
        facts = await find_route(session, match.model)
        if facts is None:
            return None
        grants = await covering_grants(session, principal.id, [facts.route.id])
        resource = facts.resource([document for _, document in grants])
        query = await ask(services, session, principal, match.operation.permission, resource)
        listed = await _listed(session, facts.route.id)
        active = await services.policies.active(session)
    return Routed(facts, query, tuple(grant for grant, _ in grants), listed, active)


async def _listed(session: AsyncSession, route_id: UUID) -> tuple[Listed, ...]:
    query = (
        select(RouteTarget, Deployment, Cluster)
        .join(Deployment, col(Deployment.id) == col(RouteTarget.deployment_id))
        .join(Version, col(Version.id) == col(Deployment.version_id))
        .join(Cluster, col(Cluster.id) == col(Deployment.cluster_id))
        .where(col(RouteTarget.route_id) == route_id)
        .order_by(col(RouteTarget.weight).desc(), col(RouteTarget.label).desc())
    )
    return tuple(_read(*row) for row in await session.exec(query))


def _read(target: RouteTarget, deployment: Deployment, cluster: Cluster) -> Listed:
    parts = urlsplit(cluster.url)
    tls = parts.scheme == "https"
    return Listed(
        deployment_id=deployment.id,
        differs=bool(deployment.differs),
        label=target.label,
        weight=target.weight,
        cluster=cluster.name,
        target=Target(parts.hostname or "", parts.port or (443 if tls else 80), tls, parts.path.rstrip("/")),
        upstream_name=deployment.upstream_name,
        upstream_version=deployment.upstream_version,
    )
