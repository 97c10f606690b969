"""Types of the layers over the C core."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

FORWARD: Final[int]
BACKWARD: Final[int]
BACKWARD_PARAMETERS: Final[int]

@disjoint_base
class Activation:
    def __init__(self, name: str, parameters: dict[str, float | None]) -> None: ...
    def backward_params(self, dy: Any, x: Any, values: tuple[Any, ...], out: Any) -> tuple[Any, ...] | None: ...

def activation(name: str) -> Activation: ...
def may_write(out: NDArray[Any], arrays: list[NDArray[Any]], vectors: list[NDArray[Any]]) -> bool: ...
def run(
    name: str,
    operation: int,
    shape: tuple[int, int, int],
    arrays: list[NDArray[Any]],
    parameters: list[NDArray[Any]],
    bias: NDArray[Any] | None,
    result: NDArray[Any],
    sums: list[NDArray[np.float64]],
) -> None: ...
def prelu(operation: int, dy: Any, x: Any, weight: Any, axis: Any, out: Any) -> Any: ...
def bias_act(
    operation: int, dy: Any, x: Any, bias: Any, activation: Any, axis: Any, out: Any, options: dict[str, Any]
) -> Any: ...
