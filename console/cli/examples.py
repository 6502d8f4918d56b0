"""An example request from what a model declares: zeros of the right type and shape.

Open Inference Protocol V2, inference request; a dimension of -1 is any number, of which one is enough.
"""

from collections.abc import Mapping
from math import prod
from typing import Any, Final

from console.cli.client import WrongUseError

LARGEST: Final = 1_000_000
ZEROS: Final[Mapping[str, object]] = {"BOOL": False, "BYTES": ""}


def example_input(route: Mapping[str, Any]) -> dict[str, object]:
    """Return a request for the version of `route` that gets most of its calls.

    Raises:
        WrongUseError: it declares no inputs, or more values than an example should have.
    """
    declared: list[dict[str, Any]] = next((version["inputs"] for version in route["versions"]), [])
    if not declared:
        raise WrongUseError(f"{route['name']} declares no inputs: give --input.")
    return {"inputs": [_zeros(tensor) for tensor in declared]}


def _zeros(tensor: Mapping[str, Any]) -> dict[str, object]:
    kind, shape = str(tensor["datatype"]), [max(int(size), 1) for size in tensor["shape"]]
    count = prod(shape)
    if count > LARGEST:
        raise WrongUseError(f"Its input {tensor['name']} is too large for an example: give --input.")
    value = ZEROS.get(kind, 0.0 if kind.startswith(("FP", "BF")) else 0)
    return {"name": tensor["name"], "datatype": kind, "shape": shape, "data": [value] * count}
