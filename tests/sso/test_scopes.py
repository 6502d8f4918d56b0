import pytest

from sso.scopes import join_scopes, read_scope, write_scope


@pytest.mark.parametrize(("text", "scope"), [("all", "all"), ("[]", ()), ('["b","a","a"]', ("a", "b"))])
def test_scopes_are_read(text: str, scope: object) -> None:
    assert read_scope(text) == scope


@pytest.mark.parametrize("text", ["", "everything", '"all"', "{}", "[1]", "null"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one too
        read_scope(text)


def test_scopes_are_written_canonically() -> None:
    assert write_scope(("b", "a", "b")) == '["a","b"]'
    assert write_scope("all") == "all"


def test_scopes_are_joined() -> None:
    assert join_scopes(['["b"]', '["a"]']) == '["a","b"]'
    assert join_scopes(['["b"]', "all"]) == "all"
    assert join_scopes([]) == "[]"
