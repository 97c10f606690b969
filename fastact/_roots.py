"""What "near a root" of a derivative means, and the absolute error that is stated there in the place of one in ULP.

As a derivative crosses zero its ULP shrinks to nothing. x is near a root r where |x - r| < |r| / 8, which is the same
for every beta of swish, whose root is a constant over beta, and where the derivative is smaller than 2^-6.
"""

from typing import Any

import numpy as np

DISTANCE = 2.0**-3  # over |root|
DERIVATIVE_EXPONENT = -6
# Of the largest absolute errors: the least powers of two for gated pairs, whose products are rounded; their errors are
# over |dy up|. Those of derivatives alone, of all instruction sets, are up to 2^-28.07 and 2^-57.04.
ERROR_EXPONENTS = {"float32": -27, "float64": -56}
NEAR = f"|x - r| < |r| / {1 / DISTANCE:g} and |f'(x)| < 2^{DERIVATIVE_EXPONENT}"  # to a root r


def is_near(x: Any, derivative: Any, root: float) -> Any:
    """Whether x is near a root, where the derivative is this one; nothing is near NaN."""
    with np.errstate(all="ignore"):
        return (np.abs(x - root) < DISTANCE * abs(root)) & (np.abs(derivative) < 2.0**DERIVATIVE_EXPONENT)


def allowed(dtype: Any) -> float:
    """The absolute error near a root."""
    return 2.0 ** ERROR_EXPONENTS[np.dtype(dtype).name]


def stated(root: str, name: str = "f", factor: str = "", error: str = "it") -> str:
    """The sentence of a docstring, with the name of the function and what the error is a multiple of."""
    errors = [f"2^{exponent}{factor} in {dtype}" for dtype, exponent in ERROR_EXPONENTS.items()]
    return f"""\
Near the root r = {root} of {name}', that is where {NEAR.replace("f'", f"{name}'")},
{error} is absolute instead: at most {" and ".join(errors)}."""
