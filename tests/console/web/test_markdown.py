import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.web.markdown import LONGEST, render_markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,hi)",
        "<a href='javascript:alert(1)'>x</a>",
        "<img src=x onerror=alert(1)>",
        "![track](https://example.org/pixel.png)",
        '<p hx-get="/stop" hx-trigger="load">x</p>',
        "<style>*{display:none}</style>",
        "[x](vbscript:x)",
    ],
)
def test_hostile_text_has_no_effect(text: str) -> None:
    shown = str(render_markdown(text))
    for tag in ("<script", "<img", "<style", "<p hx", 'href="java', 'href="data', 'href="vb'):
        assert tag not in shown.lower()


@given(st.text(alphabet="<>[]()!\"'`*_ :/ahrefjvscipt#|-\n", max_size=120))
def test_no_text_brings_an_element_or_attribute_of_its_own(text: str) -> None:
    shown = str(render_markdown(text)).lower()
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_plain_structure_is_kept() -> None:
    shown = str(render_markdown("# Use\n\n**bold** [site](https://example.org)\n\n|a|b|\n|-|-|\n|1|2|\n"))
    assert "<h3>Use</h3>" in shown
    assert "<strong>bold</strong>" in shown
    assert 'rel="noopener noreferrer nofollow"' in shown
    assert "<td>1</td>" in shown


def test_endless_text_is_cut_and_says_so() -> None:
    assert "too long to show" in render_markdown("x " * LONGEST)
