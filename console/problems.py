"""How errors reach people and programs: problem+json for the API (RFC 9457), a page for browsers.

Exception handlers are synchronous: Litestar calls them outside the request's dependencies.
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect

from console.errors import ConsoleError, NotSignedInError, RefusedError
from console.web.responses import Refusal, refusal

PROBLEM = "application/problem+json"
API_PREFIXES = ("/api/", "/log/")
TITLES = {
    400: "That could not be understood",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "That cannot be done here",
    409: "Something changed meanwhile",
    422: "Something is not filled in right",
    503: "Not available just now",
}
SENTENCES = {404: "There is nothing at this address.", 405: "This address does not take that method."}
log = logging.getLogger("guildhall")

AnyRequest = Request[Any, Any, Any]


def problem(error: ConsoleError) -> dict[str, Any]:
    """Return the problem document of an error."""
    body: dict[str, Any] = {
        "type": error.type,
        "title": TITLES.get(error.status, "Refused"),
        "status": error.status,
        "detail": error.detail,
        "reasons": list(error.reasons),
    }
    if error.fields:
        body["fields"] = dict(error.fields)
    if isinstance(error, RefusedError):
        body["decision_id"] = str(error.decision_id) if error.decision_id else None
        body["obligations"] = [dict(item) for item in error.obligations]
    return body


def challenge(error: ConsoleError) -> Mapping[str, str]:
    """Return the `WWW-Authenticate` an answer needs: RFC 6750 for 401, RFC 9470 for a missing step-up."""
    if isinstance(error, NotSignedInError):
        return {"WWW-Authenticate": "Bearer"}
    for item in error.obligations if isinstance(error, RefusedError) else ():
        if item.get("type") == "step_up":
            wanted = item.get("acr")
            values = " ".join(str(value) for value in wanted) if isinstance(wanted, list) else ""
            parts = f'acr_values="{values}", max_age="{item.get("max_age", 0)}"'
            return {"WWW-Authenticate": f'Bearer error="insufficient_user_authentication", {parts}'}
    return {}


def answer_console_error(request: AnyRequest, error: ConsoleError) -> Response[Any]:
    """Answer an error of ours."""
    if request.url.path.startswith(API_PREFIXES):
        return Response(
            problem(error), status_code=error.status, media_type=PROBLEM, headers=dict(challenge(error))
        )
    if isinstance(error, NotSignedInError):
        query = urlencode({"next_path": request.url.path}) if request.method == "GET" else ""
        return Redirect(f"/sign-in?{query}" if query else "/sign-in", status_code=303)
    title = TITLES.get(error.status, "Refused")
    reference = str(error.decision_id) if isinstance(error, RefusedError) and error.decision_id else None
    return refusal(request, Refusal(error.status, title, error.detail, tuple(error.reasons), reference))


def answer_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer an error the framework raised: unknown address, wrong method, input of the wrong shape."""
    status = 422 if isinstance(error, ValidationException) else error.status_code
    ours = ConsoleError(SENTENCES.get(status, "The request could not be understood."), ())
    fields = _fields(error) if isinstance(error, ValidationException) else {}
    if request.url.path.startswith(API_PREFIXES):
        body = problem(ours) | {"status": status, "title": TITLES.get(status, "Refused")}
        body |= {"type": "urn:guildhall:problem:invalid_input" if status == 422 else "about:blank"}  # noqa: PLR2004
        body |= {"fields": fields} if fields else {}
        return Response(body, status_code=status, media_type=PROBLEM)
    return refusal(request, Refusal(status, TITLES.get(status, "Refused"), ours.detail))


def answer_unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer what nobody foresaw: say nothing of the inside, and leave the trace in our own log."""
    log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    sentence = "Something went wrong on our side. Nothing was changed."
    if request.url.path.startswith(API_PREFIXES):
        body = {"type": "about:blank", "title": "Internal error", "status": 500, "detail": sentence}
        return Response(body, status_code=500, media_type=PROBLEM)
    return refusal(request, Refusal(500, "Something went wrong", sentence))


def _fields(error: ValidationException) -> dict[str, str]:
    extra = error.extra if isinstance(error.extra, list) else []
    return {
        str(item.get("key", "")): str(item.get("message", "")) for item in extra if isinstance(item, dict)
    }
