"""Why somebody may do something on a route, or what refuses it, at any moment and under any kept policy."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.catalog.facts import nothing_here
from console.clock import to_text
from console.errors import InvalidInputError
from console.explain.asked import Asked, read_asked, read_handles, record_asked
from console.explain.deciding import chosen_bundle, decide_under
from console.explain.forms import Explanation, Line
from console.explain.granting import could_grant, everyone_asked
from console.explain.history import Moment, Rows, Stated, Wanted, rows_at
from console.explain.lines import lines_of
from console.explain.organisation import Organisation, read_organisation
from console.explain.question import Supposed, question
from console.explain.supposing import suppose
from console.explain.times import read_moment
from console.explain.ways import Past, way_of
from console.work import UnitOfWork
from policy.bundles import Bundle
from policy.decision import Decision

KEPT_OUT: Final = "person_disabled"
NOT_THERE: Final = "person_absent"
_WHOM: Final = "Say who: a handle, an id, or me."
_WHAT: Final = "Say on which model: team.model."


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is asked besides the facts: another policy by its revision, and a group that is supposed."""

    revision: str = ""
    group: str = ""


NO_CHANGE: Final = WhatIf()


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that was read to answer with."""

    asked: Asked
    org: Organisation
    others: Rows
    person: UUID
    route: Stated | None
    supposed: Supposed

    @property
    def team(self) -> str:
        """The team that owned the model."""
        model = self.org.model_of(self.route) if self.route else None
        return (self.org.team_name(model.names("team_id")) if model else None) or ""


async def explain(
    work: UnitOfWork,
    who: str,
    model: str,
    verb: str = "invoke",
    *,
    at: str = "",
    known: str = "",
    what_if: WhatIf = NO_CHANGE,
) -> Explanation:
    """Return the answer a decision would have given, and the way it came about.

    Raises:
        RefusedError, NotFoundError: as `read_asked`; or there is no such policy.
        InvalidInputError: something that was asked cannot be understood; names each.
        PolicyUndecidedError: the policy gave no answer.
    """
    _require(who, model)
    moment = read_moment(at, known, work.now)
    asked = await read_asked(work, who, model, verb)
    async with work.read() as session:
        bundle = await chosen_bundle(work.services, session, what_if.revision, moment)
    await record_asked(work, asked, moment, what_if.revision or None, what_if.group or None)
    async with work.read() as session:
        found = await _read(session, asked, moment, what_if.group)
    decision = await _decide(work, found, bundle)
    if asked.person == work.principal.id and decision and decision.reasons == ("not_found",):
        raise nothing_here()
    return await _tell(work, found, decision, bundle, what_if)


def _require(who: str, model: str) -> None:
    wrong = {name: said for name, text, said in (("who", who, _WHOM), ("model", model, _WHAT)) if not text}
    if wrong:
        raise InvalidInputError("Who, and on what?", ("incomplete_question",), wrong)


async def _read(session: AsyncSession, asked: Asked, moment: Moment, group: str) -> _Known:
    if asked.route is None or asked.person is None:
        raise nothing_here()
    org = await read_organisation(session, moment, route=asked.route.route.id)
    changes = {row.names("change_id") for row in org.grants.values()}
    others = await rows_at(
        session,
        moment,
        Wanted("mapping_rule"),
        Wanted("change", ids=changes),
        Wanted("review", holding=[str(change) for change in changes]),
    )
    supposed = suppose(org, others["mapping_rule"], group)
    route = org.routes.get(asked.route.route.id)
    return _Known(asked, org, others, asked.person, route, supposed)


async def _decide(work: UnitOfWork, found: _Known, bundle: Bundle) -> Decision | None:
    """Return the decision, or None where none would have been asked for."""
    if found.route is None or not found.org.is_active(found.person):
        return None
    asked = question(
        found.org,
        found.person,
        found.route,
        found.asked.action.value,
        profile=work.services.settings.profile.value,
        supposed=found.supposed,
    )
    return await decide_under(work.services, bundle, asked)


async def _tell(
    work: UnitOfWork, found: _Known, decision: Decision | None, bundle: Bundle, what_if: WhatIf
) -> Explanation:
    missing = decision.missing if decision else ()
    reasons = decision.reasons if decision else (_why_nobody(found),)
    own = found.person == work.principal.id
    wanted = {found.person} if own else {found.person, *everyone_asked(found.org, missing, found.team)}
    wanted |= {row.names("requester_id") for row in found.others["change"].values()}
    wanted |= {row.names("reviewer_id") for row in found.others["review"].values()}
    async with work.read() as session:
        named = await read_handles(session, wanted)
    past = Past(found.org, found.others, named)
    moment = found.org.moment
    return Explanation(
        person=named[found.person],
        route=found.asked.route.route.name if found.asked.route else "",
        verb=found.asked.action.value,
        at=to_text(moment.valid),
        known=to_text(moment.known),
        allow=decision is not None and decision.allow,
        reasons=list(reasons),
        ways=[
            way_of(past, found.person, found.route, ground, lines_of(bundle.files, ground))
            for ground in (decision.matched if decision else ())
            if found.route is not None
        ],
        refused_by=_refusing(bundle, reasons),
        could_grant=could_grant(found.org, missing, found.team, None if own else named),
        revision=bundle.revision,
        supposed=what_if.group or None,
    )


def _why_nobody(found: _Known) -> str:
    if found.route is None:
        return "not_found"
    return NOT_THERE if found.person not in found.org.people else KEPT_OUT


def _refusing(bundle: Bundle, reasons: tuple[str, ...]) -> list[Line]:
    return [line for reason in reasons for line in lines_of(bundle.files, reason)]
