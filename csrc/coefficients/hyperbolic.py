"""tanh(x) = x + x^3 t(x^2) for |x| <= 0.55, and x - tanh(x) = x^3 w(x^2 - 3/4) for |x| <= 5/4, where the subtraction would
cancel; w is centred so that its own terms do not cancel."""

import mpmath as mp
import numpy as np

from minimax import fit, show


def w(square):
    if square < 1e-15:
        return mp.mpf(1) / 3 - square * 2 / 15
    x = mp.sqrt(square)
    return (x - mp.tanh(x)) / x**3


CENTRE = mp.mpf(3) / 4

for dtype, degree in ((np.float32, 4), (np.float64, 10)):
    coefficients, error = fit(lambda square: -w(square), lambda square: square, degree, 0, mp.mpf("0.3025"), dtype)
    show("tanh_t", coefficients, error, dtype)
for dtype, degree in ((np.float32, 8), (np.float64, 19)):
    coefficients, error = fit(
        lambda u: w(u + CENTRE), lambda u: 1 / w(u + CENTRE), degree, -CENTRE, mp.mpf(25) / 16 - CENTRE, dtype
    )
    show("tanh_shrink_w", coefficients, error, dtype)
