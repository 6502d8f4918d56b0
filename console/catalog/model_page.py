"""One model as its page shows it: what it is for, how well it does, who may call it, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.catalog.explained import Access, explain_access, group_in_words
from console.catalog.forms import Reason, RouteDetail, VersionRead
from console.catalog.queries import route_detail
from console.catalog.snippets import Snippet, write_snippets
from console.web.forms import Form
from console.work import UnitOfWork
from policy.permissions import Permission

SECTIONS: Final = (("intended_use", "Intended use"), ("limits", "Limits"), ("data", "Data"))
METRIC_NAMES: Final[Mapping[str, str]] = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "roc_auc": "Area under ROC curve",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement with its value for each version, in the versions' order; None was not measured."""

    name: str
    values: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """What the page of one model shows."""

    model: RouteDetail
    access: Access
    deciders: Sequence[str]
    sections: Sequence[tuple[str, str]]
    metrics: Sequence[Metric]
    snippets: Sequence[Snippet]
    may_stop: bool
    may_start: bool
    may_change: bool
    may_publish: bool
    reason_form: Form[Reason]


async def open_model(work: UnitOfWork, name: str, form: Form[Reason] | None = None) -> ModelPage:
    """Return the page of one model.

    Raises:
        NotFoundError: no such model, or none this principal may know of.
    """
    model = await route_detail(work, name)
    resource, access = await explain_access(work, name)
    stopped = model.state == "stopped"
    return ModelPage(
        model=model,
        access=access,
        deciders=[group_in_words(group) for group in access.deciders],
        sections=[(title, str(model.card[key])) for key, title in SECTIONS if model.card.get(key)],
        metrics=read_metrics(model.versions),
        snippets=write_snippets(work.services.settings, name, work.principal.handle, model.versions),
        may_stop=not stopped and await work.allowed(Permission.ROUTE_STOP, resource),
        may_start=stopped and await work.allowed(Permission.ROUTE_START, resource),
        may_change=await work.allowed(Permission.MODEL_UPDATE, resource),
        may_publish=await work.allowed(Permission.MODEL_PUBLISH, resource),
        reason_form=form or Form(),
    )


def read_metrics(versions: Sequence[VersionRead]) -> list[Metric]:
    """Return the metrics of all versions side by side."""
    measured = [_measured(version.card) for version in versions]
    names = list(dict.fromkeys(name for found in measured for name in found))
    return [Metric(_in_words(name), [found.get(name) for found in measured]) for name in names]


def _measured(card: Mapping[str, Any]) -> dict[str, str]:
    listed = card.get("metrics")
    return {
        str(item["name"]): f"{int(item['basis_points']) / 100:.2f} %"
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, Mapping) and {"name", "basis_points"} <= item.keys()
    }


def _in_words(name: str) -> str:
    return METRIC_NAMES.get(name, name.replace("_", " ").capitalize())
