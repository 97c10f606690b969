"""log1p(e) = 2u + u^3 * a(u^2), u = e / (e + 2), for e in [0, 1]."""

import mpmath as mp
import numpy as np

from minimax import fit, show


def a(square):
    u = mp.sqrt(square)
    return (2 * mp.atanh(u) - 2 * u) / u**3 if u > 1e-20 else mp.mpf(2) / 3


for dtype, degree in ((np.float32, 3), (np.float64, 9)):
    coefficients, error = fit(a, lambda square: square / 2, degree, 0, mp.mpf(1) / 9, dtype)
    show("log1p", coefficients, error, dtype)
