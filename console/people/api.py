"""The people area's JSON API."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from console.declared import declares
from console.people.forms import MappingRuleCreate, MappingRuleRead, Me
from console.people.mapping import create_rule, list_rules
from console.people.rights import read_me
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/me", opt=declares(Permission.SELF_READ))
async def get_me(work: NamedDependency[UnitOfWork]) -> Me:
    """Read who I am and what I hold."""
    return await read_me(work)


@get("/mapping-rules", opt=declares(Permission.MAPPING_RULE_READ))
async def get_rules(work: NamedDependency[UnitOfWork]) -> Listing[MappingRuleRead]:
    """List the mapping rules."""
    return Listing(items=list(await list_rules(work)))


@post("/mapping-rules", opt=declares(Permission.MAPPING_RULE_CREATE))
async def post_rule(work: NamedDependency[UnitOfWork], data: JSONBody[MappingRuleCreate]) -> MappingRuleRead:
    """Add a mapping rule."""
    return await create_rule(work, data)


API = (get_me, get_rules, post_rule)
