"""Rows that decisions read, and the one place that leaves out those which no recorded act explains.

Every session of the main database reads through :class:`GovernedSession`: whatever a query selects of a
governed table, also in a subquery or under an alias, a row named in ``unexplained_row`` is not there.
"""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, SQLModel, col

from audit.models import Disclosure, LegalHold, PruneJob, RetentionRow
from console.models import (
    Campaign,
    CampaignItem,
    Cluster,
    Deployment,
    Model,
    Route,
    RouteTarget,
    UnexplainedRow,
    Version,
)
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

GOVERNED: Final[Mapping[type[SQLModel], str]] = {
    ActivePolicy: "active_policy",
    ApiKey: "api_key",
    BreakGlass: "break_glass",
    Campaign: "campaign",
    CampaignItem: "campaign_item",
    Change: "change",
    Cluster: "cluster",
    Delegation: "delegation",
    Deployment: "deployment",
    Disclosure: "disclosure",
    Grant: "access_grant",
    Identity: "identity",
    IdentityLink: "identity_link",
    LegalHold: "legal_hold",
    MappingRule: "mapping_rule",
    Membership: "membership",
    Model: "model",
    Person: "person",
    PruneJob: "prune_job",
    RetentionRow: "retention",
    Review: "review",
    RoleAssignment: "role_assignment",
    Route: "route",
    RouteTarget: "route_target",
    SealedCredential: "sealed_credential",
    ScimCredential: "scim_credential",
    ServiceAccount: "service_account",
    Team: "team",
    TrustedIssuer: "trusted_issuer",
    Version: "version",
}
"""What history calls the rows of each table (`console.work.Row.kind`)."""

_KIND_BY_TABLE: Final = {str(table.__tablename__): kind for table, kind in GOVERNED.items()}


class GovernedSession(Session):
    """A session that does not see unexplained rows."""


def _explained(entity: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 - a mapped class or an alias of one
    kind = _KIND_BY_TABLE.get(entity.__tablename__)
    if kind is None:
        return sa.true()
    named = sa.and_(col(UnexplainedRow.kind) == kind, col(UnexplainedRow.row_id) == entity.id)
    return sa.not_(sa.exists().where(named))


# One option for all tables: one for each would cost every query a quarter of a millisecond. SQLAlchemy reads
# the function given to it for values to bind, and must not read into `_explained`.
_EXPLAINED: Final = with_loader_criteria(
    SQLModel,
    lambda entity: _explained(entity),  # noqa: PLW0108
    include_aliases=True,
    track_closure_variables=False,
)


def _leave_out(state: ORMExecuteState) -> None:
    if state.is_select:
        state.statement = state.statement.options(_EXPLAINED)


sa.event.listen(GovernedSession, "do_orm_execute", _leave_out)
