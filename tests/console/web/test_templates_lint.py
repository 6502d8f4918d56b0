"""What no template may contain: text that becomes code, markup that escapes escaping, unguarded htmx."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = (ROOT / "console" / "templates", ROOT / "tests" / "browser" / "templates")
# hostile.html breaks the rules on purpose: the browser must then do nothing.
TEMPLATES = sorted(
    path for folder in FOLDERS for path in folder.rglob("*.html") if path.name != "hostile.html"
)

EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
FORBIDDEN = {
    r"\|\s*safe\b": "escaping is switched off",
    r"autoescape\s+(false|False|none)": "escaping is switched off",
    r"Markup\s*\(": "escaping is switched off",
    r"\bhx-on\b": "hx-on compiles text into code",
    r"\bhx-live\b": "hx-live compiles text into code",
    r"\bjs:": "js: values compile text into code",
    r"javascript:": "javascript: addresses run text as code",
    r"hx-trigger\s*=\s*\"[^\"]*\[": "a trigger's filter compiles text into code",
    r"\bhx-ext\b": "extensions come with the one htmx file only",
    r"<style\b": "styles belong in app.css",
}
HTMX_ACTS = re.compile(r"^(data-)?hx-")


class Tags(HTMLParser):
    """Collects what is wrong with elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.wrong += [f"<{tag} {name}> is an inline handler" for name in names if re.match(r"on[a-z]", name)]
        if "style" in names:
            self.wrong.append(f"<{tag} style> is an inline style")
        if any(HTMX_ACTS.match(name) for name in names) and "hx-nonce" not in names:
            self.wrong.append(f"<{tag}> uses htmx without hx-nonce")
        if tag == "script" and names.get("type") != "application/json":
            self.wrong += [
                f"<script> without {need}" for need in ("src", "nonce", "integrity") if need not in names
            ]

    handle_startendtag = handle_starttag


def mistakes(source: str) -> Iterator[str]:
    """Yield one sentence for every forbidden thing in a template's source."""
    for pattern, why in FORBIDDEN.items():
        if re.search(pattern, re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)):
            yield f"{pattern}: {why}"
    tags = Tags()
    tags.feed(STATEMENT.sub(" ", EXPRESSION.sub("x", source)))
    yield from tags.wrong


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_keeps_the_rules(path: Path) -> None:
    assert list(mistakes(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ card|safe }}",
        "{{ card | safe }}",
        "{% autoescape false %}{% endautoescape %}",
        '<p hx-on:click="go()">',
        "<p hx-live>",
        '<p hx-nonce="x" hx-vals="js:{a: 1}">',
        '<a href="javascript:go()">',
        '<p hx-nonce="x" hx-trigger="click[ctrlKey]">',
        '<p hx-get="/">',
        '<form hx-{{ method }}="/">',
        '<p style="color: red">',
        "<style>p {}</style>",
        '<p onclick="go()">',
        "<script>go()</script>",
        '<script src="/x.js" nonce="{{ nonce() }}"></script>',
    ],
)
def test_the_rules_catch(source: str) -> None:
    assert list(mistakes(source))
