"""The derivative of celu by alpha: expm1(v) - v e^v = -v^2 w(v - centre) for v in [-1, 0], which would cancel.

w is centred so that its own terms do not cancel, near -1/2 where its first coefficient is almost a float.
"""

import mpmath as mp
import numpy as np

from minimax import define_word, fit, nearly_exact, show


def w(v):
    if abs(v) < 1e-15:
        return mp.mpf(1) / 2 + v / 3
    return (v * mp.exp(v) - mp.expm1(v)) / v**2


for dtype, degree in ((np.float32, 8), (np.float64, 15)):
    centre = nearly_exact(w, -mp.mpf(1) / 2, dtype)

    def centred(u, centre=centre):
        return w(u + centre)

    coefficients, error = fit(centred, lambda u: 1 / centred(u), degree, -1 - centre, -centre, dtype)
    show("celu_w", coefficients, error, dtype)
    define_word("celu_centre", centre, dtype)
