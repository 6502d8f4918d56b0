"""What is said of a provider's clock: it is off, or the provider is only slow."""

from email.utils import formatdate

import httpx2
import pytest

from sso.clock import MICROSECONDS
from sso.provider_checks import _clock
from sso.settings import IssuerSettings

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("said", "agree"), [(0, True), (25, True), (50, True), (55, True), (90, False), (-10, True), (-40, False)]
)
async def test_a_slow_answer_is_no_wrong_clock_and_a_wrong_clock_is_found(said: int, *, agree: bool) -> None:
    """The answer takes fifty seconds of ours; the provider says at some moment what time it is."""
    ours = iter((NOW * MICROSECONDS, (NOW + 50) * MICROSECONDS))
    told = httpx2.Response(200, headers={"date": formatdate(NOW + said, usegmt=True)}, json={})
    issuer = IssuerSettings(url="https://id.example", client_id="guildhall", client_secret="x", leeway=30)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: told)) as http:
        found = await _clock(http, issuer, lambda: next(ours))
    assert (found.mend == "") == agree, found.sentence
