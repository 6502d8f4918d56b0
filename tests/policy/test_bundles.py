import json
from pathlib import Path

import pytest

from policy.bundles import Bundle, read_bundle, revise, write_bundle
from policy.errors import BundleError


def test_the_bundle_is_rules_and_data_without_tests_and_cases() -> None:
    names = set(read_bundle().files)
    assert {"data.json", "guildhall/authz/decision.rego", "guildhall/list/scope.rego"} <= names
    assert not [name for name in names if "_test" in name or "_cases" in name]


def test_a_bundle_as_written_has_the_revision_it_names(tmp_path: Path) -> None:
    revision = write_bundle(tmp_path)
    manifest = json.loads((tmp_path / ".manifest").read_text())
    assert (manifest["revision"], manifest["roots"]) == (revision, ["guildhall"])
    assert read_bundle(tmp_path).revision == revision == read_bundle().revision


@pytest.mark.parametrize(
    "files",
    [
        {"a.rego": "x", "b.rego": "z"},
        {"a.rego": "y", "b.rego": "x"},
        {"a.rego": "x"},
        {"a.rego": "x", "c.rego": "y"},
        {"a.rego": "x", "b.rego": "y", "data.json": "{}"},
    ],
)
def test_any_other_file_name_or_text_is_another_revision(files: dict[str, str]) -> None:
    assert revise(files) != revise({"a.rego": "x", "b.rego": "y"})


def test_the_revision_does_not_depend_on_the_order_of_files() -> None:
    assert revise({"a.rego": "x", "b.rego": "y"}) == revise({"b.rego": "y", "a.rego": "x"})


def test_a_given_bundle_can_be_written(tmp_path: Path) -> None:
    bundle = Bundle({"guildhall/x.rego": "package guildhall.x\n"}, "r1")
    assert write_bundle(tmp_path, bundle) == "r1"
    assert (tmp_path / "guildhall/x.rego").read_text() == "package guildhall.x\n"


def test_a_folder_without_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds no rules"):
        read_bundle(tmp_path)


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.rego").write_bytes(b"\xff\xfe")
    with pytest.raises(BundleError, match="cannot be read"):
        read_bundle(tmp_path)
