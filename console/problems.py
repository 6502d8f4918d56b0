"""How errors reach people and programs: problem+json for the API (RFC 9457), a page for browsers.

Exception handlers are synchronous: Litestar calls them outside the request's dependencies.
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.exc import SQLAlchemyError

from console.errors import (
    ConsoleError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    RefusedError,
    ServiceUnavailableError,
)
from console.proofs import PROOF_CHALLENGE
from console.services import Services
from console.web.responses import Refusal, htmx_of, redirect, refusal
from console.work import UNREAD, kind_of

PROBLEM = "application/problem+json"
INVALID_INPUT = InvalidInputError.type
PROGRAMS = frozenset({"api", "log"})
"""First path segments whose errors are for programs; everywhere else a person is told."""
TITLES = {
    400: "That could not be understood",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "That cannot be done here",
    409: "Something changed meanwhile",
    413: "That is too large",
    422: "Something is not filled in right",
    429: "Too much at once",
    500: "Something went wrong",
    503: "Not available just now",
}
SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "This is larger than what is taken here.",
    500: "Something went wrong on our side. Nothing was changed.",
}
NOTHING_HERE = NotFoundError("There is nothing here by that name.", ("not_found",))
"""Told of whatever is absent and of whatever is hidden: a stranger cannot tell the two apart."""
CSRF = "csrf"
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
        if any(reason.startswith("dpop_") for reason in error.reasons):
            return {"WWW-Authenticate": PROOF_CHALLENGE}
        presented = "token_missing" not in error.reasons
        return {"WWW-Authenticate": 'Bearer error="invalid_token"' if presented else "Bearer"}
    for item in error.obligations if isinstance(error, RefusedError) else ():
        if item.get("type") == "step_up":
            wanted = item.get("acr")
            values = " ".join(str(value) for value in wanted) if isinstance(wanted, list) else ""
            parts = f'acr_values="{values}", max_age="{item.get("max_age", 0)}"'
            return {"WWW-Authenticate": f'Bearer error="insufficient_user_authentication", {parts}'}
    return {}


def answer_console_error(request: AnyRequest, error: ConsoleError) -> Response[Any]:
    """Answer an error of ours; a refusal of somebody unknown is counted."""
    if isinstance(error, NotSignedInError) or CSRF in error.reasons:
        _count(request, error)
    told = NOTHING_HERE if isinstance(error, NotFoundError) else error
    if is_program(request):
        return _problem_response(problem(told), challenge(told))
    if isinstance(told, NotSignedInError):
        return redirect(request, sign_in_path(request))
    title = TITLES.get(told.status, "Refused")
    reference = str(told.decision_id) if isinstance(told, RefusedError) and told.decision_id else None
    return refusal(request, Refusal(told.status, title, told.detail, tuple(told.reasons), reference))


def answer_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer an error the framework raised: unknown address, wrong method, input of the wrong shape."""
    status = 422 if isinstance(error, ValidationException) else error.status_code
    detail = SENTENCES.get(status, "The request could not be understood.")
    if not is_program(request):
        return refusal(request, Refusal(status, TITLES.get(status, "Refused"), detail))
    body = problem(ConsoleError(detail)) | {"status": status, "title": TITLES.get(status, "Refused")}
    fields = _fields(error) if isinstance(error, ValidationException) else {}
    body |= {"type": INVALID_INPUT} if isinstance(error, ValidationException) else {}
    return _problem_response(body | ({"fields": fields} if fields else {}), error.headers or {})


def answer_database_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer where no unit of work was there to say it. The error's own text could hold a row's values."""
    log.warning("the database does not answer: %s", kind_of(error))
    return answer_console_error(request, ServiceUnavailableError(UNREAD, ("database_unavailable",)))


def answer_too_deep(request: AnyRequest, _error: RecursionError) -> Response[Any]:
    """Answer a body whose brackets are nested too deeply to be read."""
    return answer_http_error(request, HTTPException(status_code=400))


def answer_unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    """Answer what nobody foresaw: say nothing of the inside, and leave the trace in our own log."""
    log.error("unexpected error at %s %r", request.method, request.url.path, exc_info=error)
    if is_program(request):
        return _problem_response(problem(ConsoleError(SENTENCES[500])))
    return refusal(request, Refusal(500, TITLES[500], SENTENCES[500]))


def _count(request: AnyRequest, error: ConsoleError) -> None:
    # A visitor who is not signed in yet is led to sign-in, and has been refused nothing.
    if is_program(request) or CSRF in error.reasons:
        services: Services = request.app.state.services
        services.denials.count_stranger(request.client.host if request.client else None, error.reasons)


def is_program(request: AnyRequest) -> bool:
    """Say whether a program asked; the router ignores empty segments, so they are ignored here too."""
    return next((part for part in request.url.path.split("/") if part), "") in PROGRAMS


def sign_in_path(request: AnyRequest) -> str:
    """Return where to sign in, and come back to the page that was asked for or is shown."""
    shown = htmx_of(request).current_url
    if request.method != "GET" and not shown:
        return "/sign-in"
    parts = urlsplit(shown or str(request.url))
    query = f"?{parts.query}" if parts.query else ""
    return f"/sign-in?{urlencode({'next_path': (parts.path or '/') + query})}"


def _problem_response(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response[Any]:
    return Response(dict(body), status_code=body["status"], media_type=PROBLEM, headers=dict(headers or {}))


def _fields(error: ValidationException) -> dict[str, str]:
    extra = error.extra if isinstance(error.extra, list) else []
    return {
        str(item.get("key", "")): str(item.get("message", "")) for item in extra if isinstance(item, dict)
    }


ANSWERS = {
    ConsoleError: answer_console_error,
    HTTPException: answer_http_error,
    SQLAlchemyError: answer_database_error,
    ConnectionError: answer_database_error,
    RecursionError: answer_too_deep,
    Exception: answer_unexpected,
}
"""Each kind of error with its answer; whatever has no kind is unexpected."""
