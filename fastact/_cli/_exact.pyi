"""Types of the exact results, in double and in quadruple precision."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

HAS_QUAD: Final[bool]

def evaluate(
    name: str, operation: int, x: NDArray[np.float32], want: NDArray[np.float64], p: float = 0.0, q: float = 0.0
) -> None: ...
def evaluate_wide(
    name: str,
    operation: int,
    x: NDArray[np.float64],
    want: NDArray[np.float64],
    p: float = 0.0,
    q: float = 0.0,
    roughly: bool = False,
) -> None: ...
def compare(
    x: NDArray[np.float32], got: NDArray[np.float32], want: NDArray[np.float64], root: float
) -> dict[str, float]: ...
