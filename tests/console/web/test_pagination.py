import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.web.pagination import CursorError, KeysetPage, cut_page, decode_cursor, encode_cursor, next_href

KEYS = st.lists(st.one_of(st.text(max_size=40), st.integers()), min_size=1, max_size=3).map(tuple)


@given(KEYS)
@example(("\U0001f600" * 40, "\U0001f600" * 40, "\U0001f600" * 40))
def test_a_cursor_comes_back_as_it_was(key: tuple[str | int, ...]) -> None:
    assert decode_cursor(encode_cursor(key), len(key)) == key


@given(st.text(max_size=60))
def test_a_forged_cursor_is_refused_and_never_fails_otherwise(text: str) -> None:
    try:
        key = decode_cursor(text, 1)
    except CursorError:
        return
    assert len(key) == 1


@pytest.mark.parametrize("values", [(True,), (None,), (1.5,), ([1],), (), (1, 2)])
def test_only_texts_and_integers_of_the_right_number(values: tuple[object, ...]) -> None:
    with pytest.raises(CursorError):
        decode_cursor(encode_cursor(values), 1)  # type: ignore[arg-type]


def test_the_last_page_has_no_next() -> None:
    page = cut_page([1, 2, 3], lambda row: (row,), size=3)
    assert page == KeysetPage([1, 2, 3], None)
    assert next_href("/models", [("q", "x")], page) is None


def test_a_full_page_leads_on_with_its_filters() -> None:
    page = cut_page([1, 2, 3], lambda row: (row,), size=2)
    assert list(page.items) == [1, 2]
    href = next_href("/models", [("q", "a&b"), ("after", "old")], page)
    assert href == f"/models?q=a%26b&after={page.next}"
    assert decode_cursor(str(page.next), 1) == (2,)
