from dataclasses import asdict
from typing import Any

import pytest

from policy.access import AccessRequest, require_length
from policy.canonical import content_hash
from policy.errors import InvalidRequestError

FIELDS: dict[str, Any] = {
    "requester_id": "p",
    "route": "risk.credit-default",
    "route_id": "r",
    "team": "retail",
    "owner_team": "risk",
    "visibility": "listed",
    "tier": "medium",
    "data_class": "personal",
    "purpose": "scoring",
    "duration_days": 30,
    "card_hash": "cc",
    "service": "retail.nightly",
    "service_id": "s",
}


@pytest.mark.parametrize("purpose", ["abc", "x" * 500])
@pytest.mark.parametrize("days", [1, 365])
def test_the_bounds_are_included(purpose: str, days: int) -> None:
    assert (
        AccessRequest(**{**FIELDS, "purpose": purpose, "duration_days": days}).content()["purpose"] == purpose
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"purpose": "ab"}, "purpose has 3 to 500"),
        ({"purpose": "  a  "}, "purpose has 3 to 500"),
        ({"purpose": "x" * 501}, "purpose has 3 to 500"),
        ({"duration_days": 0}, "duration_days"),
        ({"duration_days": 366}, "duration_days"),
        ({"duration_days": True}, "duration_days"),
    ],
)
def test_beyond_them_the_error_names_field_and_bound(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequestError, match=named):
        AccessRequest(**{**FIELDS, **change})


def test_everything_that_is_shown_is_signed() -> None:
    whole = {**FIELDS, "monthly_calls": 1_000, "renews": "an earlier grant"}
    signed = content_hash(AccessRequest(**whole).content())
    for name, value in asdict(AccessRequest(**whole)).items():
        other = value + 1 if isinstance(value, int) else f"{value}!"
        assert content_hash(AccessRequest(**{**whole, name: other}).content()) != signed, name


def test_for_a_whole_team_no_service_is_named() -> None:
    fields = {name: value for name, value in FIELDS.items() if not name.startswith("service")}
    assert "service" not in AccessRequest(**fields).content()


def test_any_free_text_has_its_bounds() -> None:
    require_length("meaning", "ok", (1, 200))
    with pytest.raises(InvalidRequestError, match="meaning has 1 to 200"):
        require_length("meaning", " ", (1, 200))
