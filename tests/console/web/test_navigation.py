import pytest

from console.web.navigation import AREAS, build_rail
from tests.console.matrix.table import read_table

ALL = ("models", "requests", "me")
ENTERED = {
    "stranger": ALL,
    "member": ALL,
    "owner": (*ALL, "reviews", "people"),
    "reviewer": (*ALL, "reviews", "records"),
    "auditor": (*ALL, "people", "audit", "records"),
    "admin": (*ALL, "people", "records", "admin"),
}
"""The areas each may enter, as tests/browser sees them in the rail."""
NO_PAGES = ("/.well", "/api", "/favicon", "/health", "/log/", "/metrics", "/static", "/scim", "/v1", "/v2")


def test_areas_without_rights_are_absent() -> None:
    assert [item.label for item in build_rail("/", ("models", "audit"), {})] == ["Models", "Audit"]


def test_the_rail_has_few_words_in_order() -> None:
    labels = [area.label for area in AREAS]
    assert labels == ["Models", "Requests", "Your access", "Reviews", "People", "Audit", "Records", "Admin"]


def test_the_area_of_a_page_is_marked() -> None:
    rail = build_rail("/models/risk/credit", ("models", "requests"), {"requests": 2})
    assert [(item.here, item.count) for item in rail] == [(True, 0), (False, 2)]
    assert not build_rail("/modelsx", ("models",), {})[0].here


def test_a_page_belongs_to_the_area_of_its_longest_address() -> None:
    for path in ("/admin/directory", "/admin/directories/ask", "/admin/break-glass", "/people/rules"):
        assert [item.label for item in build_rail(path, ("people", "admin"), {}) if item.here] == ["People"]
    assert [item.label for item in build_rail("/admin/clusters", ("people", "admin"), {}) if item.here] == [
        "Admin"
    ]


@pytest.mark.parametrize("who", ENTERED)
def test_every_page_somebody_may_open_is_in_one_of_their_areas(who: str) -> None:
    found = {door.removeprefix("GET "): status[who] for door, status in read_table().items() if "GET" in door}
    pages = [path for path, status in found.items() if status == 200 and not path.startswith(NO_PAGES)]
    here = {path: [item.label for item in build_rail(path, ENTERED[who], {}) if item.here] for path in pages}
    assert {path for path, labels in here.items() if len(labels) != 1} == {"/"}


def test_whoever_may_enter_only_one_of_two_areas_is_there() -> None:
    def label(path: str, who: str) -> str:
        return next(item.label for item in build_rail(path, ENTERED[who], {}) if item.here)

    assert [label("/access/explain", who) for who in ("member", "auditor")] == ["Models", "Audit"]
    assert [label("/grants", who) for who in ("member", "owner")] == ["Requests", "Reviews"]
    assert [label("/reviews/orphans", who) for who in ("owner", "admin")] == ["Reviews", "People"]
    assert [label("/people/teams/risk", who) for who in ("member", "admin")] == ["Your access", "People"]
    assert [label("/admin/clusters", who) for who in ("auditor", "admin")] == ["Audit", "Admin"]
    assert [label("/admin/directory", who) for who in ("auditor", "admin")] == ["People", "People"]
    assert label("/policies/drafts/one", "admin") == "Records"
    assert label("/me/sessions", "member") == "Your access"
