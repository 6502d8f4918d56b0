"""The page of which version answers: another default is asked for, one is taken off the route."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.catalog.explained import explain_access
from console.catalog.facts import find_route, nothing_here
from console.catalog.forms import DefaultAsk, RouteDetail
from console.catalog.listed import answering, known_versions
from console.catalog.queries import route_detail
from console.catalog.shifting import ask_default
from console.catalog.unlisting import unlist_version
from console.changes.forms import ChangeCreated
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.permissions import Permission


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """A model, what answers by default, the labels that could instead, and those that could be taken off."""

    model: RouteDetail
    chosen: str
    sentence: str
    others: Sequence[str]
    removable: Sequence[str]
    form: Form[DefaultAsk]
    remove_form: Form[DefaultAsk]


async def open_versions(
    work: UnitOfWork,
    name: str,
    chosen: str = "",
    form: Form[DefaultAsk] | None = None,
    remove_form: Form[DefaultAsk] | None = None,
) -> VersionsPage:
    """Return the page; `chosen` is the label whose link was followed.

    Raises:
        NotFoundError: no such model, or none this principal may know of.
        RefusedError: the caller does not own it.
    """
    model = await route_detail(work, name)
    resource, _ = await explain_access(work, name)
    await work.authorize(Permission.MODEL_PUBLISH, resource)
    async with work.read() as session:
        facts = await find_route(session, name)
        if facts is None:
            raise nothing_here()
        versions = await known_versions(session, facts)
    now = answering(versions)
    others = [one.label for one in versions if {one.label} != now]
    removable = [one.label for one in versions if one.weight is not None and one.label not in now]
    return VersionsPage(
        model, chosen, tell_answering(sorted(now)), others, removable, form or Form(), remove_form or Form()
    )


def tell_answering(labels: Sequence[str]) -> str:
    """Say which versions answer calls that name none."""
    if not labels:
        return "No version answers just now."
    if len(labels) == 1:
        return f"Version {labels[0]} answers every call that names none."
    return f"Versions {', '.join(labels[:-1])} and {labels[-1]} share the calls that name none."


async def send_default(
    work: UnitOfWork, name: str, typed: Mapping[str, str]
) -> tuple[Form[DefaultAsk], ChangeCreated | None]:
    """Ask for the default that was chosen."""
    return await submit(read_form(DefaultAsk, typed), lambda data: ask_default(work, name, data))


async def send_removal(work: UnitOfWork, name: str, typed: Mapping[str, str]) -> Form[DefaultAsk]:
    """Take the version off that was chosen; the form says what is wrong when it cannot be."""
    form, _ = await submit(
        read_form(DefaultAsk, typed), lambda data: unlist_version(work, name, data.label, data.reason)
    )
    return form
