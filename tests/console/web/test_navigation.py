from console.web.navigation import AREAS, build_rail


def test_areas_without_rights_are_absent() -> None:
    assert [item.label for item in build_rail("/", ("models", "audit"), {})] == ["Models", "Audit"]


def test_the_rail_has_few_words_in_order() -> None:
    labels = [area.label for area in AREAS]
    assert labels == ["Models", "Requests", "Reviews", "People", "Audit", "Records", "Admin"]


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
