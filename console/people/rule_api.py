"""The JSON API of mapping rules: list, add, change, delete, and what somebody would get."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from console.changes.carrying import Carried
from console.declared import declares
from console.people import rule_change
from console.people.api import carried
from console.people.forms import MappingRuleCreate, MappingRuleDelete, MappingRuleRead, Preview
from console.people.mapping import create_rule, delete_rule, update_rule
from console.people.previewing import preview
from console.people.rule_queries import list_rules
from console.people.shown import Previewed
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission

KINDS = rule_change.KINDS
"""What importing this registers."""

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@get("/mapping-rules", opt=declares(Permission.MAPPING_RULE_READ))
async def get_rules(
    work: NamedDependency[UnitOfWork], after: FromQuery[str] = "", limit: Limit = 200
) -> Listing[MappingRuleRead]:
    """List the mapping rules, each with how many people it matches."""
    return Listing.of(await list_rules(work, cursor(after, 1), limit))


@post("/mapping-rules", opt=declares(Permission.MAPPING_RULE_CREATE))
async def post_rule(
    work: NamedDependency[UnitOfWork], data: JSONBody[MappingRuleCreate]
) -> Response[Carried]:
    """Add a mapping rule; 202 where somebody else has to agree."""
    return carried(await create_rule(work, data))


@post("/mapping-rules/preview", opt=declares(Permission.MAPPING_RULE_CREATE), status_code=200)
async def post_preview(work: NamedDependency[UnitOfWork], data: JSONBody[Preview]) -> Previewed:
    """Work out what somebody would get, with a rule that is not there yet; changes nothing."""
    return await preview(work, data)


@put("/mapping-rules/{rule_id:uuid}", opt=declares(Permission.MAPPING_RULE_UPDATE))
async def put_rule(
    work: NamedDependency[UnitOfWork], rule_id: FromPath[UUID], data: JSONBody[MappingRuleCreate]
) -> Response[Carried]:
    """Let a rule say something else; 202 where somebody else has to agree."""
    return carried(await update_rule(work, rule_id, data))


@post("/mapping-rules/{rule_id:uuid}/delete", opt=declares(Permission.MAPPING_RULE_DELETE))
async def post_rule_delete(
    work: NamedDependency[UnitOfWork], rule_id: FromPath[UUID], data: JSONBody[MappingRuleDelete]
) -> Response[Carried]:
    """Delete a rule; 202 where somebody else has to agree."""
    return carried(await delete_rule(work, rule_id, data.reason))


API = (get_rules, post_rule, post_preview, put_rule, post_rule_delete)
