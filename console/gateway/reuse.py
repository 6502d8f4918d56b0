"""Reuses what was decided on a call while nothing moved that it rests on; each call keeps an id of its own.

Reused is an evaluation: what the engine said to one question. It is remembered under the caller's part of
the fields that the active bundle declares (`policy.depends`), until a row moves that the question was made
of, the active revision moves, or `valid_until`. What moved is read twice a second; when nothing could be read
for five seconds, nothing is remembered (`console.freshness`). So whatever `route_call` reads has to tell that
it moves (`console.freshness.watched`), and `Routed.depends` has to name it.
"""

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

from uuid_utils.compat import uuid7

from console.clock import MICROSECONDS
from console.freshness.moves import ANY, Move
from console.freshness.principals import depends_of
from console.freshness.remembered import LONGEST, Entry, Remembered
from console.gateway.routing import Evaluated, Ruling, route_call
from console.gateway.table import Match
from console.policies.deciding import decide
from console.services import Services
from policy.decision import PolicyUnavailable
from policy.depends import covers, is_reusable
from sso.principal import Principal

ON_POLICY = frozenset({Move("policy", ANY), Move("cluster", ANY)})


async def rule(
    services: Services, remembered: Remembered[Evaluated], principal: Principal, match: Match
) -> Ruling:
    """Return what is decided on a call, from the evaluation that still holds if there is one.

    Raises:
        DBAPIError: the tables could not be read.
    """
    fields = services.policies.declared.get(match.operation.permission.value)
    if fields is None or not is_reusable(fields):
        return take(await evaluate(services, principal, match), principal)
    read = partial(_entry, services, principal, match, fields)
    return take(await remembered.get(key_of(principal, match, fields), read), principal)


def key_of(principal: Principal, match: Match, fields: frozenset[str]) -> Hashable:
    """Return what tells two callers' questions apart, of what the tables do not say: their proofs."""
    proof = principal.authentication
    strong = any(covers(fields, f"subject.auth.{name}") for name in ("acr", "auth_time"))
    shown = (proof.method, proof.scopes, proof.key, (proof.acr, proof.auth_time) if strong else None)
    return match.model, match.operation.permission, principal.id, shown


async def evaluate(services: Services, principal: Principal, match: Match) -> Evaluated:
    """Ask anew."""
    routed = await route_call(services, principal, match)
    if routed is None:
        return Evaluated()
    return Evaluated(routed, await decide(services, routed.query, routed.active))


async def _entry(
    services: Services, principal: Principal, match: Match, fields: frozenset[str]
) -> Entry[Evaluated]:
    found = await evaluate(services, principal, match)
    if found.routed is None:
        return Entry(found, frozenset(), 0)
    depends = depends_of(principal) | found.routed.depends() | ON_POLICY
    return Entry(found, depends, _end(services, found, match, fields))


def _end(services: Services, found: Evaluated, match: Match, fields: frozenset[str]) -> int:
    decision, policies = found.decision, services.policies
    asked = match.operation.permission.value
    known = decision is not None and decision.revision == policies.known.revision
    if decision is None or isinstance(decision, PolicyUnavailable) or not known:
        return 0
    if policies.declared.get(asked) != fields:
        return 0
    until = decision.valid_until
    return services.clock() + LONGEST if until is None else until * MICROSECONDS


def take(evaluated: Evaluated, principal: Principal) -> Ruling:
    """Return the ruling of one call: its own decision, which ends with the caller's proof at the latest."""
    decision = evaluated.decision
    if decision is None:
        return Ruling(evaluated.routed)
    expires = principal.authentication.expires
    ends = [moment for moment in (decision.valid_until, expires) if moment is not None]
    until = min(ends, default=None) if decision.allow else decision.valid_until
    first, evaluated.taken = not evaluated.taken, True
    own = replace(decision, id=decision.id if first else uuid7(), valid_until=until)
    return Ruling(evaluated.routed, own, evaluated)
