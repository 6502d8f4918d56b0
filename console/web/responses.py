"""Answers to a person's browser: a page or its fragment, a redirect, a form with its errors, a refusal.

Page templates extend ``layout.html``; fragments are files that start with ``_`` and are what htmx swaps
in. Both get the same context, so a page reads the same with and without JavaScript.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from console.web.request import Htmx, read_htmx

Context = Mapping[str, Any]


def htmx_of(request: Request[Any, Any, Any]) -> Htmx:
    """Return what htmx said of the request, whatever request class it has."""
    found = getattr(request, "htmx", None)
    return found if isinstance(found, Htmx) else read_htmx(request.headers)


def as_context(context: object) -> dict[str, Any]:
    """Return a template context from a dataclass (its fields, unconverted) or a mapping."""
    if is_dataclass(context):
        return {field.name: getattr(context, field.name) for field in fields(context)}
    if isinstance(context, Mapping):
        return dict(context)
    raise TypeError(f"A page context is a dataclass or a mapping, not {type(context).__name__}.")


def page(
    request: Request[Any, Any, Any],
    template: str,
    context: object,
    *,
    fragment: str | None = None,
    status: int = HTTPStatus.OK,
) -> Template:
    """Answer with ``template``, or with ``fragment`` alone when htmx asks for a part of the page."""
    chosen = fragment if fragment and htmx_of(request).partial else template
    return Template(chosen, context=as_context(context), status_code=status)


def form_error(request: Request[Any, Any, Any], template: str, context: object, *, fragment: str) -> Template:
    """Answer a form that was not accepted: the same form with its errors and status 422."""
    return page(request, template, context, fragment=fragment, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def redirect(request: Request[Any, Any, Any], path: str) -> Response[Any]:
    """Lead the browser to ``path`` after a form: 303, or ``HX-Redirect`` when htmx sent it.

    htmx fetches in the background and would swap the redirect's target into the form; the header
    makes the browser itself go there. ``path`` comes from our code, never from the request unchecked.
    """
    if htmx_of(request):
        return Response(None, status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": path})
    return Redirect(path, status_code=HTTP_303_SEE_OTHER)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a page says when it does not do what was asked.

    ``reasons`` are the stable codes of a decision; ``reference`` is an audit or error id that a
    person can quote; ``actions`` are (label, path) pairs that lead onwards.
    """

    status: int
    title: str
    detail: str
    reasons: tuple[str, ...] = ()
    reference: str | None = None
    actions: tuple[tuple[str, str], ...] = ()


def refusal(request: Request[Any, Any, Any], said: Refusal) -> Template:
    """Answer with an error page; inside a page that htmx drives, with a notice on top of it.

    Without retargeting, htmx would swap the error into whatever part of the page was asked for.
    """
    htmx = htmx_of(request)
    headers = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"} if htmx else {}
    template = "errors/_notice.html" if htmx else "errors/error.html"
    return Template(template, context={"refusal": said}, status_code=said.status, headers=headers)
