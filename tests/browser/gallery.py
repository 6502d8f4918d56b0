"""A small console with one page that holds every macro, under the real headers, assets and environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from litestar import Litestar, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Template
from litestar.types import ASGIApp, Scope
from pydantic import BaseModel, ConfigDict, Field

from console.web.assets import read_assets, static_router
from console.web.badges import BADGES
from console.web.csp import PageHeaders
from console.web.diffs import diff_fields, diff_text
from console.web.forms import Form, read_form
from console.web.navigation import Person, Shell, build_rail
from console.web.pagination import KeysetPage, cut_page, decode_cursor, next_href
from console.web.request import ConsoleRequest
from console.web.responses import Refusal, form_error, page, redirect, refusal
from console.web.templates import TEMPLATES, build_environment, template_config

NOW = 1_795_327_212_000_000
HOUR = 3_600_000_000
ROWS = 27
STATES = ("approved", "pending", "refused", "expired", "approved")


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    team: str
    state: str
    sent: int
    days: int


class AccessForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    team: Literal["retail", "fraud"]
    purpose: str = Field(min_length=3, max_length=500)
    days: int = Field(ge=1, le=365)
    use: Literal["batch", "online"] = "batch"
    notify: str = ""


def rows_after(number: int, size: int = 12) -> KeysetPage[Row]:
    numbers = range(number + 1, min(number + size + 1, ROWS) + 1)
    found = [
        Row(n, ("retail", "fraud")[n % 2], STATES[n % 5], NOW - n * HOUR, 30 * (n % 4 + 1)) for n in numbers
    ]
    return cut_page(found, lambda row: (row.number,), size)


def rows_context(after: str | None) -> dict[str, object]:
    found = rows_after(int(decode_cursor(after, 1)[0]) if after else 0)
    return {"rows": found, "more": next_href("/", [], found)}


def gallery_context(form: Form[AccessForm]) -> dict[str, object]:
    hours = list(range(24))
    old = {"tier": "medium", "data_class": "internal", "owner": "risk", "purpose": None}
    new = old | {"tier": "high", "data_class": "personal", "purpose": "Credit decisions"}
    return rows_context(None) | {
        "calls": {
            "x": [NOW // 1_000_000 - (24 - h) * 3600 for h in hours],
            "series": [
                {"label": "Answered", "tone": "info", "values": [900 + (h * 37) % 400 for h in hours]},
                {"label": "Refused", "tone": "bad", "values": [(h * 13) % 90 for h in hours]},
            ],
        },
        "fields": diff_fields(old, new),
        "lines": diff_text(
            "package access\n\nallow if {\n  owner\n}\n",
            "package access\n\nallow if {\n  owner\n  reviewer\n}\n",
        ),
        "form": form,
        "stop_form": Form(),
        "now": NOW,
        "states": sorted(BADGES),
        "model_card": CARD,
        "snippet": SNIPPET,
        "steps": STEPS,
        "groups": GROUPS,
    }


STEPS = [
    {
        "time": NOW - 9 * HOUR,
        "title": "Request sent",
        "actor": "by member, for team retail",
        "tone": "info",
        "icon": "clipboard-text",
    },
    {
        "time": NOW - 3 * HOUR,
        "title": "Approved by the owner",
        "actor": "owner of risk",
        "tone": "good",
        "icon": "circle-check",
        "detail": "Matches the purpose in the register.",
    },
    {"time": None, "title": "Review by a reviewer", "tone": "wait", "icon": "clock"},
]
CARD = """# Intended use

Retail **credit** decisions, [policy](https://example.org).

| Measure | Value |
|---|---|
| AUC | 0.81 |

<script>alert(1)</script> [x](javascript:alert(1))
"""
SNIPPET = """client = InferenceServerClient("guildhall.example:443", ssl=True)
client.infer("risk.credit-default", inputs)
"""
GROUPS = [
    {
        "label": "Tier",
        "options": [
            {"label": "Low", "href": "/?tier=low", "count": 12, "chosen": False},
            {"label": "High", "href": "/", "count": 4, "chosen": True},
        ],
    },
    {
        "label": "Task",
        "options": [{"label": "Classification", "href": "/?task=c", "count": 9, "chosen": False}],
    },
]


@get("/")
async def gallery(request: ConsoleRequest, after: Annotated[str | None, QueryParameter()] = None) -> Template:
    context = rows_context(after) if request.htmx.partial else gallery_context(Form()) | rows_context(after)
    return page(request, "gallery.html", context, fragment="_rows.html")


@post("/request", status_code=200)
async def ask(request: ConsoleRequest) -> Template | Response[None]:
    form = read_form(AccessForm, dict(await request.form()))
    if form.data is None:
        return form_error(request, "gallery.html", gallery_context(form), fragment="_form.html")
    return redirect(request, "/done")


@get("/done")
async def done(request: ConsoleRequest) -> Template:
    return page(request, "done.html", {})


@post("/stop", status_code=200)
async def stop(request: ConsoleRequest) -> Template:
    return refusal(
        request,
        Refusal(403, "You may not stop this route", "Only its owners may.", ("role_missing:owner",), "01"),
    )


@get("/hostile")
async def hostile(request: ConsoleRequest) -> Template:
    return page(request, "hostile.html", {})


@get("/bare")
async def bare(request: ConsoleRequest) -> Template:
    said = Refusal(
        404,
        "Nothing here",
        "This page does not exist, or you may not see it.",
        (),
        "0193-7c11",
        (("Find a model", "/"),),
    )
    return refusal(request, said)


def describe_shell(scope: Scope) -> Shell:
    path = scope["path"]
    banner = "Development identity provider: anyone on this machine can sign in as anyone."
    person = (
        None if path == "/bare" else Person("Member of retail", "member", ("auditor",), ("retail", "fraud"))
    )
    rail = build_rail(
        "/models" if path == "/" else path, ("models", "requests", "reviews", "audit"), {"reviews": 3}
    )
    return Shell(path, "0.1.0", person, rail, banner, "Audit log complete to 2 s ago", "/")


def create_gallery() -> ASGIApp:
    environment = build_environment(
        read_assets(), describe_shell, (Path(__file__).parent / "templates", TEMPLATES)
    )
    app = Litestar(
        [gallery, ask, done, stop, hostile, bare, static_router()],
        request_class=ConsoleRequest,
        template_config=template_config(environment),
        openapi_config=None,
    )
    return PageHeaders(app)
