"""The trail's page: chips are the query, a mistake is told under the bar, and strangers read nothing."""

from console.services import Services
from console.trail.flat import flatten
from console.trail.row_changes import read_changes
from console.trail.search_page import href_of, read_chips
from console.web.diffs import FieldChange
from tests.console.visitor import visit


def test_each_chip_leads_to_the_query_without_it() -> None:
    chips = read_chips("actor:member action:model.* outcome:denied")
    assert [chip.text for chip in chips] == ["actor:member", "action:model.*", "outcome:denied"]
    assert chips[1].href == href_of("actor:member outcome:denied")
    assert read_chips("action:model.*")[0].href == "/audit"
    assert read_chips("no such thing") == []


def test_nested_content_becomes_lines() -> None:
    content = {"result": {"allow": True, "reasons": []}, "grants": [{"id": "g"}], "n": 1, "none": None}
    assert flatten(content) == [
        ("result.allow", "true"),
        ("result.reasons", "none"),
        ("grants.0.id", "g"),
        ("n", "1"),
        ("none", "none"),
    ]


async def test_a_mistake_is_told_with_its_column_in_the_part_that_htmx_asked_for(
    services: Services, teams: object
) -> None:
    auditor = visit(services)
    await auditor.sign_in("auditor")
    answer = await auditor.client.get("/audit", params={"q": "actr:x"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.text.strip().startswith('<div id="trail">')
    assert "Column 1" in answer.text
    assert "did you mean actor?" in answer.text
    assert (await auditor.client.get("/audit")).status_code == 200


async def test_who_does_not_audit_reads_nothing_and_is_told_what_is_missing(
    services: Services, teams: object
) -> None:
    member = visit(services)
    await member.sign_in("member")
    answer = await member.client.get("/audit")
    assert answer.status_code == 403
    assert "role_missing:auditor" in answer.text


def test_a_change_is_shown_by_row_and_field() -> None:
    required = [{"group": "reviewer", "count": 1}]
    rows = [
        {"kind": "access_grant", "id": "1", "before": None, "after": {"ends": 5, "none": None}},
        {"kind": "route", "id": "2", "before": {"state": "active"}, "after": {"state": "stopped"}},
        {
            "kind": "change",
            "id": "3",
            "before": {"required": required},
            "after": None,
        },
    ]
    new, changed, gone = read_changes({"rows": rows})
    assert (new.kind, new.what, changed.what, gone.what) == ("access grant", "added", "changed", "gone")
    assert FieldChange("ends", None, "5") in new.fields
    assert changed.fields == [FieldChange("state", "active", "stopped")]
    assert FieldChange("required.0.group", "reviewer", None) in gone.fields
    assert read_changes({}) == []
