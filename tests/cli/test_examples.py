from typing import Any

import pytest

from console.cli.client import WrongUseError
from console.cli.examples import example_input


def declared(datatype: str, shape: list[int]) -> dict[str, Any]:
    tensor = {"name": "x", "datatype": datatype, "shape": shape}
    return {"name": "a.b", "versions": [{"inputs": [tensor]}, {"inputs": []}]}


@pytest.mark.parametrize(
    ("datatype", "zero"),
    [("FP64", 0.0), ("BF16", 0.0), ("INT8", 0), ("UINT64", 0), ("BOOL", False), ("BYTES", "")],
)
def test_each_datatype_has_its_zero(datatype: str, zero: object) -> None:
    inputs: Any = example_input(declared(datatype, [-1, 2]))["inputs"]
    tensor = inputs[0]
    assert (tensor["shape"], tensor["data"]) == ([1, 2], [zero, zero])
    assert type(tensor["data"][0]) is type(zero)


def test_an_input_of_any_size_is_not_made() -> None:
    with pytest.raises(WrongUseError, match="too large"):
        example_input(declared("FP64", [100_000, 100_000]))
