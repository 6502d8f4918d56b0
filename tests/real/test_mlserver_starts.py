import hashlib
import math
from typing import Any

import pytest
import tritonclient.http as triton

from console.demo.cards import read_card
from tests.real.mlserver import MlServer
from tests.real.wire import ask

pytestmark = pytest.mark.real

VERSIONS = {
    ("credit-default", "1"),
    ("credit-default", "2"),
    ("tumour-screen", "1"),
    ("wine-quality", "1"),
    ("digits", "1"),
}


def index(mlserver: MlServer) -> set[tuple[str, str]]:
    _, found = ask("POST", f"{mlserver.url}/v2/repository/index", {})
    return {(model["name"], model["version"]) for model in found if model["state"] == "READY"}


def body_from(metadata: dict[str, Any]) -> dict[str, Any]:
    """A V2 request made from declared inputs alone: one row of zeros."""
    inputs = []
    for declared in metadata["inputs"]:
        shape = [1 if size == -1 else size for size in declared["shape"]]
        data = [0.0] * math.prod(shape)
        inputs.append(
            {"name": declared["name"], "datatype": declared["datatype"], "shape": shape, "data": data}
        )
    return {"inputs": inputs}


def test_the_index_lists_every_version(mlserver: MlServer) -> None:
    assert index(mlserver) == VERSIONS


@pytest.mark.parametrize(("name", "version"), sorted(VERSIONS))
def test_an_infer_built_from_metadata_is_answered_as_declared(
    mlserver: MlServer, name: str, version: str
) -> None:
    model = f"{mlserver.url}/v2/models/{name}/versions/{version}"
    _, metadata = ask("GET", model)
    status, answer = ask("POST", f"{model}/infer", body_from(metadata))
    assert (status, answer["model_name"], answer["model_version"]) == (200, name, version)
    declared = {output["name"]: output for output in metadata["outputs"]}
    (output,) = answer["outputs"]
    assert output["datatype"] == declared[output["name"]]["datatype"]
    assert output["shape"] == [1, 1]


def test_the_two_versions_are_two_models(mlserver: MlServer) -> None:
    asked = {"outputs": [{"name": "predict_proba"}]}
    found = []
    for version in ("1", "2"):
        model = f"{mlserver.url}/v2/models/credit-default/versions/{version}"
        body = {**body_from(ask("GET", model)[1]), **asked}
        found.append(ask("POST", f"{model}/infer", body)[1]["outputs"][0]["data"])
    assert found[0] != found[1]
    assert all(math.isclose(sum(each), 1.0) for each in found)


def test_tritonclient_with_json_tensors_is_answered(mlserver: MlServer) -> None:
    client = triton.InferenceServerClient(mlserver.url.removeprefix("http://"))
    try:
        (declared,) = client.get_model_metadata("wine-quality")["inputs"]
        rows = triton.InferInput(declared["name"], [1, declared["shape"][1]], declared["datatype"])
        rows.set_data_from_numpy(_zeros(declared["shape"][1]), binary_data=False)
        asked = [triton.InferRequestedOutput("predict", binary_data=False)]
        answer = client.infer("wine-quality", [rows], outputs=asked)
        assert answer.as_numpy("predict").shape == (1, 1)
    finally:
        client.close()


def test_every_version_has_a_card_measured_on_its_own_artifact(mlserver: MlServer) -> None:
    for name, version in VERSIONS:
        card = read_card(mlserver.models, name, version)
        assert card is not None
        artifact = (mlserver.models / name / version / "model.joblib").read_bytes()
        assert card.artifact_sha256 == hashlib.sha256(artifact).hexdigest()
        assert dict(card.metrics)["accuracy"] > 7000
        assert card.train_rows > card.test_rows > 0


def _zeros(columns: int) -> Any:
    import numpy as np  # noqa: PLC0415 - tritonclient brings it; nothing else here needs it

    return np.zeros((1, columns))
