"""Text written by people, such as model cards, made safe to show.

Card text is hostile input: it is parsed without raw HTML, then cleaned by nh3 (ammonia) to the few
elements below. Links and nothing else may point elsewhere, by http, https or mailto; images are
dropped, because a foreign image tells its server who reads the card.
"""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

INLINE = frozenset({"a", "br", "code", "del", "em", "s", "strong"})
BLOCK = frozenset({"blockquote", "hr", "li", "ol", "p", "pre", "ul"})
TABLE = frozenset({"table", "tbody", "td", "th", "thead", "tr"})
HEADINGS = frozenset({"h3", "h4", "h5", "h6"})
SCHEMES = frozenset({"http", "https", "mailto"})
LONGEST = 100_000


def render_markdown(text: str) -> Markup:
    """Return ``text`` (CommonMark with tables) as clean HTML.

    Headings start at level 3, below a page's own; text beyond 100,000 characters is left out, and a
    last paragraph says so.
    """
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "\n\n*The rest is too long to show.*"
    tokens = parser.parse(shown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    dirty = parser.renderer.render(tokens, parser.options, {})
    return Markup(clean(dirty))  # noqa: S704 the line above this one is the reason nh3 is here


def clean(html: str) -> str:
    """Return ``html`` with nothing in it but the elements, attributes and schemes listed above."""
    return nh3.clean(
        html,
        tags=set(INLINE | BLOCK | TABLE | HEADINGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
