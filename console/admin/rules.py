"""Mapping rules, as the page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.people.forms import MappingRuleCreate, MappingRuleRead
from console.people.mapping import list_rules
from console.questions import Resource
from console.web.forms import Form
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import RuleRole


@dataclass(frozen=True, slots=True)
class Rules:
    """What the page of mapping rules shows."""

    rules: Sequence[MappingRuleRead]
    issuers: Sequence[str]
    roles: Sequence[str]
    may_change: bool
    form: Form[MappingRuleCreate]


async def open_rules(work: UnitOfWork, form: Form[MappingRuleCreate] | None = None) -> Rules:
    """Return every mapping rule, oldest first.

    Raises:
        RefusedError: the principal may not see them.
    """
    return Rules(
        rules=await list_rules(work),
        issuers=list(work.services.sign_in.issuers),
        roles=[role.value for role in RuleRole],
        may_change=await work.allowed(Permission.MAPPING_RULE_CREATE, Resource("mapping_rule")),
        form=form or Form(),
    )
