from hypothesis import given
from hypothesis import strategies as st

from console.web.diffs import FieldChange, diff_fields, diff_text

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)


def test_fields_that_differ_are_listed_by_name() -> None:
    changes = diff_fields({"tier": "low", "task": "x"}, {"tier": "high", "task": "x", "owner": "risk"})
    assert changes == [FieldChange("owner", None, "risk"), FieldChange("tier", "low", "high")]


@given(LINES, LINES)
def test_both_texts_can_be_read_back(old: list[str], new: list[str]) -> None:
    lines = diff_text("\n".join(old), "\n".join(new))
    assert [line.text for line in lines if line.kind != "added"] == "\n".join(old).splitlines()
    assert [line.text for line in lines if line.kind != "removed"] == "\n".join(new).splitlines()
