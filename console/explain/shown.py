"""The explaining pages: what was asked is the address, the answer below it, mistakes beside their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.errors import InvalidInputError, NotFoundError
from console.explain.as_of import who_could
from console.explain.explaining import WhatIf, explain
from console.explain.forms import VERBS, CouldRead, ExplainAsk, Explanation, PastAsk
from console.questions import Resource
from console.web.forms import Form, read_form
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork
from policy.permissions import Permission

AS_OF: Final = "/access/as-of"
CHOICES: Final = tuple((verb, f"{verb} ({right.value})") for verb, right in VERBS.items())
KNOWN: Final = (("now", "as it is known now"), ("then", "as it was known then"))


@dataclass(frozen=True, slots=True)
class ExplainPage:
    """The question, and its answer once there is one; `may_audit` says that events can be opened."""

    form: Form[ExplainAsk]
    answer: Explanation | None = None
    may_audit: bool = False
    verbs: Sequence[tuple[str, str]] = CHOICES
    known: Sequence[tuple[str, str]] = KNOWN


@dataclass(frozen=True, slots=True)
class AsOfPage:
    """The question, and one page of who could; `items` is None while nothing was asked."""

    form: Form[PastAsk]
    items: Sequence[CouldRead] | None = None
    more: str | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    verbs: Sequence[tuple[str, str]] = CHOICES
    known: Sequence[tuple[str, str]] = KNOWN


async def open_explanation(work: UnitOfWork, typed: Mapping[str, str]) -> ExplainPage:
    """Return the page of one answer; without a question, the empty form about oneself."""
    if not typed:
        return ExplainPage(Form({"who": "me"}))
    form = read_form(ExplainAsk, typed)
    if form.data is None:
        return ExplainPage(form)
    ask = form.data
    try:
        answer = await explain(
            work,
            ask.who,
            ask.model,
            ask.verb,
            at=ask.at,
            known=ask.known,
            what_if=WhatIf(ask.revision, ask.group),
        )
    except (InvalidInputError, NotFoundError) as error:
        return ExplainPage(_wrong(form, error))
    return ExplainPage(form, answer, await work.allowed(Permission.AUDIT_READ, Resource("audit")))


async def open_as_of(work: UnitOfWork, typed: Mapping[str, str]) -> AsOfPage:
    """Return the page of who could; without a question, the empty form."""
    if not typed:
        return AsOfPage(Form())
    form = read_form(PastAsk, typed)
    if form.data is None:
        return AsOfPage(form)
    ask = form.data
    try:
        found = await who_could(
            work, ask.who, ask.model, ask.verb, at=ask.at, known=ask.known, after=cursor(ask.after, 2)
        )
    except (InvalidInputError, NotFoundError) as error:
        return AsOfPage(_wrong(form, error))
    kept = {name: text for name, text in typed.items() if text}
    return AsOfPage(form, found.items, next_href(AS_OF, tuple(kept.items()), found), kept)


def _wrong(form: Form[ExplainAsk] | Form[PastAsk], error: InvalidInputError | NotFoundError) -> Form:  # type: ignore[type-arg] # of either
    fields = error.fields if isinstance(error, InvalidInputError) else {}
    return Form(form.values, dict(fields) or {"": str(error)})
