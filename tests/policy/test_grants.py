from dataclasses import replace
from uuid import UUID

import pytest

from policy.grants import GrantFacts, covers, effective_end, end_of, is_active
from policy.models import PrincipalType

ROUTE, OTHER = UUID(int=7), UUID(int=8)
GRANT = GrantFacts(
    id=UUID(int=1),
    permission="model.invoke",
    principal_type=PrincipalType.TEAM,
    principal_id=UUID(int=2),
    resource_type="route",
    resource_id=ROUTE,
    starts=100,
    ends=200,
)


@pytest.mark.parametrize(("now", "active"), [(99, False), (100, True), (199, True), (200, False)])
def test_a_grant_counts_from_its_start_until_before_its_end(now: int, active: bool) -> None:
    assert is_active(GRANT, now) is active


@pytest.mark.parametrize(("now", "active"), [(149, True), (150, False), (199, False)])
def test_a_revoked_grant_ends_at_its_revocation(now: int, active: bool) -> None:
    assert is_active(replace(GRANT, revoked_at=150), now) is active


def test_a_late_revocation_lengthens_nothing() -> None:
    assert effective_end(replace(GRANT, revoked_at=500)) == 200


def test_days_are_days_of_24_hours() -> None:
    assert end_of(5, 2) == 5 + 172_800_000_000


@pytest.mark.parametrize(
    ("permission", "resource_type", "resource_id", "covered"),
    [
        ("model.invoke", "route", ROUTE, True),
        ("model.describe", "route", ROUTE, True),
        ("model.read", "route", ROUTE, True),
        ("grant.revoke", "route", ROUTE, False),
        ("model.invoke", "route", OTHER, False),
        ("model.invoke", "model", ROUTE, False),
    ],
)
def test_a_grant_covers_its_route_and_what_calling_needs(
    permission: str, resource_type: str, resource_id: UUID, covered: bool
) -> None:
    assert covers(GRANT, permission, resource_type, resource_id) is covered


def test_any_other_grant_covers_itself_alone() -> None:
    reading = replace(GRANT, permission="model.read")
    assert covers(reading, "model.read", "route", ROUTE)
    assert not covers(reading, "model.invoke", "route", ROUTE)
