"""A version that is approved while the tier of its model is being raised: it is looked at again."""

from typing import Any

import pytest

from console.catalog.promoting import ask_promotion
from console.errors import ConflictError
from console.models import Tier
from console.services import Services
from tests.console.access.test_meanwhile import POSTGRESQL, given_while
from tests.console.catalog.both import settings  # noqa: F401 - a test names the database
from tests.console.catalog.test_promoting import ROUTE, listed, sign, wanted, weights
from tests.console.conftest import WorkAs

__all__ = ["listed"]
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("settings", [POSTGRESQL], indirect=True)]


@pytest.mark.usefixtures("listed")
async def test_no_version_known_by_its_cluster_alone_slips_into_a_high_tier(
    services: Services, work_as: WorkAs, people: Any
) -> None:
    asked = await ask_promotion(await work_as("owner"), ROUTE, wanted())
    with pytest.raises(ConflictError) as refused:
        await given_while(services, "churn", sign(work_as, asked), tier=Tier.HIGH)
    assert refused.value.reasons == ("model_changed",)
    assert await weights(services) == {"1": 100}
