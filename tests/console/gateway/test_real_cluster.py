"""An unmodified tritonclient, through the gateway, to a real MLServer."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from tests.console.gateway.conftest import Desk
from tests.real.mlserver import MlServer

pytestmark = pytest.mark.real

ROUTE = "risk.credit-default"


@pytest.fixture
async def served(desk: Desk, people: dict[str, Any], mlserver: MlServer) -> Desk:
    """The member may call risk.credit-default: version 2 by default, version 1 by name."""
    await desk.serve(mlserver.url, {"1": 0, "2": 100})
    await desk.grant(people["member"].id)
    return desk


class Caller:
    """A data scientist's program: the client as it is published, and a token."""

    def __init__(self, client: triton.InferenceServerClient, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def metadata(self, version: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_model_metadata(ROUTE, version, headers=self.headers)
        return found

    def infer(self, version: str = "", *, binary: bool = False) -> triton.InferResult:
        inputs = [zeros(declared, binary=binary) for declared in self.metadata(version)["inputs"]]
        outputs = [triton.InferRequestedOutput("predict", binary_data=binary)]
        return self.client.infer(
            ROUTE, inputs, version, outputs=outputs, headers=self.headers, request_id="mine"
        )


def zeros(declared: dict[str, Any], *, binary: bool) -> triton.InferInput:
    """A row of zeros for an input as the metadata declares it."""
    shape = [1 if size == -1 else size for size in declared["shape"]]
    tensor = triton.InferInput(declared["name"], shape, declared["datatype"])
    kind = triton_to_np_dtype(declared["datatype"])
    tensor.set_data_from_numpy(np.zeros(math.prod(shape), kind).reshape(shape), binary_data=binary)
    return tensor


@contextmanager
def calling(desk: Desk, who: str = "member") -> Iterator[Caller]:
    client = triton.InferenceServerClient(urlsplit(str(desk.http.base_url)).netloc)
    try:
        yield Caller(client, desk.token_for(who))
    finally:
        client.close()


async def test_the_server_and_the_model_are_live_and_ready(served: Desk) -> None:
    def ask() -> list[bool]:
        with calling(served) as caller:
            return [
                caller.client.is_server_live(),
                caller.client.is_server_ready(),
                caller.client.is_model_ready(ROUTE, headers=caller.headers),
                caller.client.is_model_ready(ROUTE, "1", headers=caller.headers),
                caller.client.is_model_ready(ROUTE, "9", headers=caller.headers),
                caller.client.is_model_ready("no.such", headers=caller.headers),
            ]

    assert await asyncio.to_thread(ask) == [True, True, True, True, False, False]


@pytest.mark.parametrize(("version", "used"), [("", "2"), ("1", "1"), ("2", "2")])
async def test_an_infer_built_from_the_metadata_is_answered_and_recorded(
    served: Desk, version: str, used: str
) -> None:
    def ask() -> tuple[dict[str, Any], np.ndarray[Any, Any] | None]:
        with calling(served) as caller:
            result = caller.infer(version)
            return result.get_response(), result.as_numpy("predict")

    response, predicted = await asyncio.to_thread(ask)
    assert (response["id"], response["model_version"]) == ("mine", used)
    assert predicted is not None
    assert predicted.shape[0] == 1
    (kept,) = served.kept()
    assert kept.ended == ("success", ())


async def test_a_version_the_route_does_not_list_is_404(served: Desk) -> None:
    def ask() -> str:
        with calling(served) as caller, pytest.raises(InferenceServerException) as caught:
            caller.metadata("3")
        return f"{caught.value.status()} {caught.value.message()}"

    assert await asyncio.to_thread(ask) == "404 There is no such version of this model."


async def test_binary_tensors_are_refused_in_the_protocols_words(served: Desk) -> None:
    def ask() -> str:
        with calling(served) as caller, pytest.raises(InferenceServerException) as caught:
            caller.infer(binary=True)
        return f"{caught.value.status()} {caught.value.message()}"

    assert await asyncio.to_thread(ask) == "415 Binary tensors are not taken yet; send tensors as JSON."
    assert served.kept()[0].ended == ("failure", ("binary_tensors",))


async def test_without_a_grant_the_client_shows_why(served: Desk) -> None:
    def ask() -> str:
        with calling(served, "reviewer") as caller, pytest.raises(InferenceServerException) as caught:
            caller.metadata()
        return f"{caught.value.status()} {caught.value.message()}"

    assert (await asyncio.to_thread(ask)).startswith("403 You have no access to this model.")


async def test_a_body_the_server_cannot_read_is_answered_by_the_server(served: Desk) -> None:
    answer = await served.call(body=b"not json")
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/json"
    assert served.kept()[0].ended == ("failure", (f"upstream_status:{answer.status_code}",))
