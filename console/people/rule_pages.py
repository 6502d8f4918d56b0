"""The page of mapping rules: how many people each matches, and what somebody would get."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from console.errors import InvalidInputError
from console.people.forms import MappingRuleCreate, MappingRuleRead, Preview
from console.people.previewing import preview
from console.people.rule_queries import list_rules
from console.people.sections import Section, sections_for
from console.people.shown import Previewed
from console.questions import Resource
from console.web.forms import Form, sentences
from console.web.listing import cursor
from console.web.pagination import next_href
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import RuleMatcher, RuleRole

NO_CLAIMS = 'Paste the claims as a JSON object, such as {"groups": ["retail"]}.'


@dataclass(frozen=True, slots=True)
class Rules:
    """What the page of mapping rules shows; `previewed` only after somebody asked."""

    sections: Sequence[Section]
    rules: Sequence[MappingRuleRead]
    more: str | None
    issuers: Sequence[str]
    roles: Sequence[str]
    matchers: Sequence[str]
    may_change: bool
    form: Form[MappingRuleCreate]
    asked: Form[Preview]
    previewed: Previewed | None = None


async def open_rules(work: UnitOfWork, after: str = "", form: Form[MappingRuleCreate] | None = None) -> Rules:
    """Return a page of mapping rules, oldest first.

    Raises:
        RefusedError: the principal may not see them.
    """
    found = await list_rules(work, cursor(after, 1))
    return Rules(
        sections=await sections_for(work),
        rules=found.items,
        more=next_href("/people/rules", (), found),
        issuers=list(work.services.sign_in.issuers),
        roles=[role.value for role in RuleRole],
        matchers=[matcher.value for matcher in RuleMatcher],
        may_change=await work.allowed(Permission.MAPPING_RULE_CREATE, Resource("mapping_rule")),
        form=form or Form(),
        asked=Form(),
    )


async def open_preview(work: UnitOfWork, typed: Mapping[str, str]) -> Rules:
    """Return the page with what somebody would get, or with what is wrong with the question.

    Raises:
        RefusedError: the caller does not manage mappings.
    """
    opened = await open_rules(work)
    values = {name: text.strip() for name, text in typed.items() if name != "_csrf"}
    try:
        found = await preview(work, _read(values))
    except InvalidInputError as error:
        return replace(opened, asked=Form(values, dict(error.fields) or {"": error.detail}))
    return replace(opened, asked=Form(values), previewed=found)


def _read(values: Mapping[str, str]) -> Preview:
    person, claims = values.get("person") or None, values.get("claims") or None
    try:
        given: Any = json.loads(claims) if claims else None
        return Preview(person=person, issuer=values.get("issuer") or None, claims=given)
    except ValidationError as mistakes:
        raise InvalidInputError(NO_CLAIMS, ("invalid_claims",), sentences(mistakes)) from None
    except (ValueError, RecursionError):
        raise InvalidInputError(NO_CLAIMS, ("invalid_claims",), {"claims": NO_CLAIMS}) from None
