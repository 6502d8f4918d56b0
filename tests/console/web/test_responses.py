from dataclasses import dataclass
from pathlib import Path

import pytest
from litestar import Litestar, Response, get, post
from litestar.response import Template
from litestar.testing import TestClient

from console.web.assets import Asset, AssetError, Assets, read_assets
from console.web.badges import BADGES, Badge, Tone, badge_of
from console.web.csp import PageHeaders
from console.web.navigation import bare_shell
from console.web.request import ConsoleRequest
from console.web.responses import Refusal, as_context, page, redirect, refusal
from console.web.templates import build_environment, template_config

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass(frozen=True, slots=True)
class Context:
    name: str


@get("/")
async def show(request: ConsoleRequest) -> Template:
    return page(request, "whole.html", Context("<b>"), fragment="_part.html")


@get("/broken")
async def broken(request: ConsoleRequest) -> Template:
    return page(request, "whole.html", {})


@get("/refused")
async def refused(request: ConsoleRequest) -> Template:
    return refusal(request, Refusal(403, "No", "Not yours.", ("no_grant",)))


@post("/go")
async def go(request: ConsoleRequest) -> Response[None]:
    return redirect(request, "/done")


@pytest.fixture
def asking(tmp_path: Path) -> TestClient[Litestar]:
    (tmp_path / "whole.html").write_text("<html>{% include '_part.html' %}</html>")
    (tmp_path / "_part.html").write_text("<p>{{ name }}</p>")
    (tmp_path / "errors").mkdir()
    (tmp_path / "errors" / "error.html").write_text("<html>{{ refusal.title }}</html>")
    (tmp_path / "errors" / "_notice.html").write_text("{{ refusal.title }} {{ refusal.reasons[0] }}")
    config = template_config(build_environment(Assets({}, {}), bare_shell, (tmp_path,)))
    app = Litestar(
        [show, broken, refused, go], request_class=ConsoleRequest, template_config=config, debug=False
    )
    return TestClient(PageHeaders(app))  # type: ignore[arg-type]


def test_a_browser_gets_the_page_and_htmx_the_fragment(asking: TestClient[Litestar]) -> None:
    with asking:
        whole, part = asking.get("/"), asking.get("/", headers=HTMX)
        again = asking.get("/", headers=HTMX | {"HX-Request-Type": "full"})
    assert whole.text == again.text == "<html><p>&lt;b&gt;</p></html>"
    assert part.text == "<p>&lt;b&gt;</p>"
    assert part.headers["vary"] == "HX-Request"


def test_a_missing_name_is_an_error_not_an_empty_space(asking: TestClient[Litestar]) -> None:
    with asking:
        assert asking.get("/broken").status_code == 500


def test_a_redirect_is_303_or_a_header_for_htmx(asking: TestClient[Litestar]) -> None:
    with asking:
        plain = asking.post("/go", follow_redirects=False)
        driven = asking.post("/go", headers=HTMX, follow_redirects=False)
    assert (plain.status_code, plain.headers["location"]) == (303, "/done")
    assert (driven.status_code, driven.headers["hx-redirect"]) == (204, "/done")


def test_a_refusal_is_a_page_or_a_notice(asking: TestClient[Litestar]) -> None:
    with asking:
        plain, driven = asking.get("/refused"), asking.get("/refused", headers=HTMX)
    assert (plain.status_code, plain.text) == (403, "<html>No</html>")
    assert (driven.status_code, driven.text) == (403, "No no_grant")
    assert driven.headers["hx-retarget"] == "#notices"


def test_a_context_is_a_dataclass_or_a_mapping() -> None:
    assert as_context(Context("a")) == as_context({"name": "a"}) == {"name": "a"}
    with pytest.raises(TypeError):
        as_context(["a"])


def test_unknown_assets_and_icons_say_where_they_are_listed(tmp_path: Path) -> None:
    assets = Assets({"app.css": Asset("/static/app-1.css", "sha384-x")}, {})
    assert assets.asset("app.css").path == "/static/app-1.css"
    with pytest.raises(AssetError, match=r"static_build\.py"):
        assets.asset("none.css")
    with pytest.raises(AssetError, match=r"icons\.txt"):
        assets.icon("none")
    with pytest.raises(AssetError, match="static_build"):
        read_assets(tmp_path)


def test_unknown_states_are_shown_plainly() -> None:
    assert badge_of("half_open") == Badge("Half open", Tone.PLAIN)
    assert badge_of("pending").tone is Tone.WAIT


def test_every_badge_icon_is_listed() -> None:
    listed = set(
        (Path(__file__).resolve().parents[3] / "console" / "static" / "icons.txt").read_text().split()
    )
    assert {badge.icon for badge in BADGES.values() if badge.icon} <= listed
