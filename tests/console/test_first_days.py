"""The first days of a production: nobody publishes until a second admin has signed in."""

from dataclasses import replace
from typing import Any

import pytest

from console.catalog.forms import ModelPublish, ServedAs
from console.catalog.publishing import publish_model
from console.errors import InvalidInputError, RefusedError
from console.models import DataClass, Tier, Visibility
from console.settings import Profile

FORM = ModelPublish(
    team="risk",
    namespace="risk",
    name="fraud",
    title="Fraud",
    summary="Scores payments.",
    task="binary classification",
    purpose="fraud-detection",
    visibility=Visibility.LISTED,
    tier=Tier.LOW,
    data_class=DataClass.PERSONAL,
    card={},
    versions=(ServedAs(cluster="none", upstream_name="fraud", label="1"),),
)


async def in_production(work_as: Any, handle: str) -> Any:
    work = await work_as(handle)
    settings = work.services.settings.model_copy(update={"profile": Profile.PRODUCTION})
    work.services = replace(work.services, settings=settings)
    return work


async def test_publishing_waits_for_a_second_admin(work_as: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        await publish_model(await in_production(work_as, "owner"), FORM)
    assert refused.value.reasons == ("second_admin_needed",)


async def test_publishing_goes_on_once_a_second_admin_has_signed_in(work_as: Any, admit: Any) -> None:
    await admit("second", ("guildhall-admins",))
    with pytest.raises(InvalidInputError) as next_check:  # past the wait: the draft is what is missing now
        await publish_model(await in_production(work_as, "owner"), FORM)
    assert next_check.value.reasons == ("no_such_draft",)


async def test_the_demo_does_not_wait(work_as: Any) -> None:
    with pytest.raises(InvalidInputError):
        await publish_model(await work_as("owner"), FORM)
