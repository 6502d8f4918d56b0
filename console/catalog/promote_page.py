"""The page on which a version more is asked for: what its clusters serve by its names, and nobody bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.catalog.drafts import Draft, drafts_of
from console.catalog.evidence import EvidenceKind
from console.catalog.explained import explain_access
from console.catalog.forms import PromoteAsk, RouteDetail
from console.catalog.promoting import ask_promotion
from console.catalog.queries import route_detail
from console.catalog.version_form import VersionForm, beside_fields, filled
from console.changes.forms import ChangeCreated
from console.models import Tier
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission


class PromoteForm(VersionForm):
    """A version more; `default`: it answers every call that names none."""

    default: bool = False


@dataclass(frozen=True, slots=True)
class PromotePage:
    """A model, and what could be a version of it; a high tier takes an artifact only."""

    model: RouteDetail
    drafts: Sequence[Draft]
    evidence: str
    form: Form[PromoteForm]


async def open_promotion(work: UnitOfWork, name: str, form: Form[PromoteForm] | None = None) -> PromotePage:
    """Return the page on which a version more is asked for.

    Raises:
        NotFoundError: no such model, or none this principal may know of.
        RefusedError: the caller does not own it.
    """
    model = await route_detail(work, name)
    resource, _ = await explain_access(work, name)
    await work.authorize(Permission.MODEL_PUBLISH, resource)
    async with work.read() as session:
        drafts = await drafts_of(session, name)
    strongest = EvidenceKind.ARTIFACT if model.tier is Tier.HIGH else EvidenceKind.SERVED
    return PromotePage(model, drafts, strongest.value, form or Form())


async def send_promotion(
    work: UnitOfWork, name: str, typed: Mapping[str, str]
) -> tuple[Form[PromoteForm], ChangeCreated | None]:
    """Ask for the version that was chosen."""
    sent = read_form(PromoteForm, filled(typed))
    return await submit(sent, lambda data: beside_fields(_ask(work, name, data)))


async def _ask(work: UnitOfWork, name: str, chosen: PromoteForm) -> ChangeCreated:
    async with work.read() as session:
        draft = {one.id: one for one in await drafts_of(session, name)}.get(chosen.deployment)
    served = chosen.served_as(draft)
    ask = PromoteAsk(**served, default=chosen.default, reason=chosen.reason)
    return await ask_promotion(work, name, ask)
