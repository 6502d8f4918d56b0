"""When a sync must wait for a person: it would take rights from more people than anybody expects."""

from sso.directory_settings import DirectorySettings
from sso.syncing.plan import Plan

SAID = (
    "It would take rights from {taking} of {held} people: more than {percent} %, and more than {people}. "
    "Check the groups in Keycloak, then confirm it or drop it."
)


def guard(plan: Plan, settings: DirectorySettings, confirmed: int | None) -> str | None:
    """Return why `plan` must wait for an admin; None when it may be applied.

    `confirmed` is how many people an admin has agreed to: a tenth more may have come meanwhile.
    """
    taking, held = plan.taking, plan.held
    if confirmed is not None and taking <= confirmed + confirmed // 10:
        return None
    if taking <= settings.guard_people or taking * 100 <= held * settings.guard_percent:
        return None
    return SAID.format(taking=taking, held=held, percent=settings.guard_percent, people=settings.guard_people)
