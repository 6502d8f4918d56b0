"""Every kind of row that decisions read: its table, when a row counts as present, and its canonical state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import SQLModel, col

from audit.models import Disclosure, LegalHold, PruneJob, RetentionRow
from console.access.rows import grant_row
from console.break_glass.rows import sealed_row, use_row
from console.campaigns.rows import campaign_row, item_row
from console.catalog.rows import cluster_row, deployment_row, model_row, route_row, target_row, version_row
from console.changes.rows import change_row, delegation_row, review_row
from console.custody.rows import disclosure_row, hold_row, job_row, retention_row
from console.governed import GOVERNED
from console.keys.rows import key_row, service_row
from console.models import Campaign, CampaignItem, Cluster, Deployment, Model, Route, RouteTarget, Version
from console.people.mapping import rule_row
from console.policies.rows import active_row
from console.rows import identity_row, link_row, membership_row, person_row, role_row, team_row
from console.scim.rows import credential_row
from console.work import Row
from console.workloads.rows import issuer_row
from policy.models import ActivePolicy, Change, Delegation, Grant, Review
from sso.models import (
    ApiKey,
    BreakGlass,
    Identity,
    IdentityLink,
    MappingRule,
    Membership,
    Person,
    RoleAssignment,
    ScimCredential,
    SealedCredential,
    ServiceAccount,
    Team,
    TrustedIssuer,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row. ``state`` reads a row of ``table``; ``present`` leaves out rows without effect."""

    table: type[SQLModel]
    state: Callable[[Any], Row]
    present: sa.ColumnElement[bool] | None = None

    @property
    def name(self) -> str:
        """What history calls it."""
        return GOVERNED[self.table]

    def select(self) -> sa.Select[Any]:
        """Return the query for every present row, not as an entity: unexplained ones are in it."""
        every = sa.select(sa.inspect(self.table).local_table)
        return every if self.present is None else every.where(self.present)


def kinds(identity_key: bytes) -> tuple[Kind, ...]:
    """Return every kind; an identity's state holds a digest under ``identity_key``."""
    return (*_PLAIN, Kind(Identity, lambda row: identity_row(row, 0, identity_key)))


_PLAIN: Final = (
    Kind(ActivePolicy, lambda row: active_row(row, 0)),
    Kind(BreakGlass, lambda row: use_row(row, 0)),
    Kind(SealedCredential, lambda row: sealed_row(row, 0)),
    Kind(Person, lambda row: person_row(row, 0)),
    Kind(Team, lambda row: team_row(row, 0)),
    Kind(Membership, lambda row: membership_row(row, 0)),
    Kind(RoleAssignment, lambda row: role_row(row, 0)),
    Kind(MappingRule, lambda row: rule_row(row, 0)),
    Kind(Cluster, lambda row: cluster_row(row, 0)),
    Kind(Model, lambda row: model_row(row, 0)),
    Kind(Version, lambda row: version_row(row, 0)),
    # A draft has no effect, and no history, until publishing binds it.
    Kind(Deployment, lambda row: deployment_row(row, 0), col(Deployment.version_id).is_not(None)),
    Kind(Route, lambda row: route_row(row, 0)),
    Kind(RouteTarget, lambda row: target_row(row, 0)),
    Kind(Campaign, lambda row: campaign_row(row, 0)),
    Kind(CampaignItem, lambda row: item_row(row, 0)),
    Kind(Change, lambda row: change_row(row, 0)),
    Kind(Review, review_row),
    Kind(Delegation, lambda row: delegation_row(row, 0)),
    Kind(IdentityLink, lambda row: link_row(row, 0)),
    Kind(Grant, grant_row, col(Grant.revoked_at).is_(None)),
    Kind(ApiKey, key_row, col(ApiKey.revoked_at).is_(None)),
    Kind(ServiceAccount, service_row),
    Kind(LegalHold, hold_row, col(LegalHold.released).is_(None)),
    Kind(RetentionRow, lambda row: retention_row(row, 0)),
    Kind(PruneJob, job_row),
    Kind(Disclosure, lambda row: disclosure_row(row, 0)),
    Kind(TrustedIssuer, lambda row: issuer_row(row, 0), col(TrustedIssuer.revoked).is_(None)),
    Kind(ScimCredential, lambda row: credential_row(row, 0), col(ScimCredential.revoked).is_(None)),
)
