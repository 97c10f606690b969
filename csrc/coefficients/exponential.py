"""The derivative of celu by alpha: expm1(v) - v e^v = -v^2 w(v + 1/2) for v in [-1, 0], where the subtraction cancels; w is
centred so that its own terms do not."""

import mpmath as mp
import numpy as np

from minimax import fit, show


def w(v):
    if abs(v) < 1e-15:
        return mp.mpf(1) / 2 + v / 3
    return (v * mp.exp(v) - mp.expm1(v)) / v**2


HALF = mp.mpf(1) / 2

for dtype, degree in ((np.float32, 8), (np.float64, 15)):
    coefficients, error = fit(lambda u: w(u - HALF), lambda u: 1 / w(u - HALF), degree, -HALF, HALF, dtype)
    show("celu_w", coefficients, error, dtype)
