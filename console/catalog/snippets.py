"""What a caller types to call a route: ready to run but for the token."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from console.catalog.forms import VersionRead
from console.settings import Settings

NUMPY: Mapping[str, str] = {"FP16": "float16", "FP32": "float32", "FP64": "float64", "BOOL": "bool"}


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code with the name of its tool."""

    id: str
    label: str
    text: str


def write_snippets(
    settings: Settings, route: str, handle: str, versions: Sequence[VersionRead]
) -> list[Snippet]:
    """Return how `handle` calls the route, for the version it serves by default; none without a version."""
    if not versions:
        return []
    served = versions[0]
    # Outputs are asked for by name, because tensors travel as JSON here.
    token = f"TOKEN=$(.venv/bin/guildhall dev token {handle})" if settings.embedded else "TOKEN=your-token"
    return [
        Snippet("curl", "curl", _curl(settings.base_url, route, token, served.inputs)),
        Snippet("python", "Python, tritonclient", _python(settings.base_url, route, served)),
    ]


def _curl(url: str, route: str, token: str, inputs: Sequence[Mapping[str, Any]]) -> str:
    body = json.dumps({"inputs": [_example(tensor) for tensor in inputs]}, separators=(",", ":"))
    return (
        f"{token}\n"
        f"curl -sS {url}/v2/models/{route}/infer \\\n"
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{body}'"
    )


def _example(tensor: Mapping[str, Any]) -> dict[str, Any]:
    shape = [max(size, 1) for size in tensor["shape"]]
    return {
        "name": tensor["name"],
        "datatype": tensor["datatype"],
        "shape": shape,
        "data": [_zero(str(tensor["datatype"]))] * prod(shape),
    }


def _zero(datatype: str) -> object:
    if datatype == "BYTES":
        return ""
    return False if datatype == "BOOL" else 0


def _python(url: str, route: str, served: VersionRead) -> str:
    host = url.split("://", 1)[1]
    secure = ", ssl=True" if url.startswith("https://") else ""
    lines = [
        "import os",
        "",
        "import numpy as np",
        "import tritonclient.http as http",
        "",
        f'client = http.InferenceServerClient("{host}"{secure})',
        "inputs = []",
        *(line for tensor in served.inputs for line in _tensor_lines(tensor)),
        f"names = {[str(tensor['name']) for tensor in served.outputs]}",
        "outputs = [http.InferRequestedOutput(name, binary_data=False) for name in names]",
        'headers = {"Authorization": f"Bearer {os.environ[\'TOKEN\']}"}',
        f'answer = client.infer("{route}", inputs, outputs=outputs, headers=headers)',
        "print(answer.get_response())",
    ]
    return "\n".join(lines)


def _tensor_lines(tensor: Mapping[str, Any]) -> list[str]:
    shape, datatype = [max(size, 1) for size in tensor["shape"]], str(tensor["datatype"])
    kind = NUMPY.get(datatype, "object" if datatype == "BYTES" else datatype.lower())
    return [
        f'tensor = http.InferInput("{tensor["name"]}", {shape}, "{datatype}")',
        f"tensor.set_data_from_numpy(np.zeros({shape}, dtype=np.{kind}), binary_data=False)",
        "inputs.append(tensor)",
    ]
