"""tanh(x) = x + x^3 t(x^2) for |x| <= 0.55, and x - tanh(x) = x^3 w(x^2 - centre) for |x| <= 5/4.

There the subtraction would cancel. w is centred so that its own terms do not, near 3/4 where its first coefficient is
almost a float.
"""

import mpmath as mp
import numpy as np

from minimax import define_word, fit, nearly_exact, show


def w(square):
    if square < 1e-15:
        return mp.mpf(1) / 3 - square * 2 / 15
    x = mp.sqrt(square)
    return (x - mp.tanh(x)) / x**3


for dtype, degree in ((np.float32, 4), (np.float64, 10)):
    coefficients, error = fit(lambda square: -w(square), lambda square: square, degree, 0, mp.mpf("0.3025"), dtype)
    show("tanh_t", coefficients, error, dtype)
for dtype, degree in ((np.float32, 8), (np.float64, 19)):
    centre = nearly_exact(w, mp.mpf(3) / 4, dtype)

    def centred(u, centre=centre):
        return w(u + centre)

    coefficients, error = fit(centred, lambda u: 1 / centred(u), degree, -centre, mp.mpf(25) / 16 - centre, dtype)
    show("tanh_shrink_w", coefficients, error, dtype)
    define_word("tanh_shrink_centre", centre, dtype)
