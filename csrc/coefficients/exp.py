"""e^r = 1 + r + r^2 * q(r) for |r| <= ln2 / 2, and the constants of the range reduction."""

import mpmath as mp
import numpy as np

from minimax import fit, hexadecimal, parts, show

# The reduction leaves |r| a little above ln2/2 where x * log2(e) was rounded.
RADIUS = mp.log(2) / 2 * (1 + mp.mpf(2) ** -10)


def q(r):
    return (mp.expm1(r) - r) / r**2 if abs(r) > 1e-20 else mp.mpf(1) / 2


for dtype, degree, head in ((np.float32, 4, 15), (np.float64, 9, 42)):
    coefficients, error = fit(q, lambda r: r**2 / mp.exp(r), degree, -RADIUS, RADIUS, dtype)
    show("exp, relative to e^r", coefficients, error, dtype)
    # e^(-r/2) = 1 + r (-1/2 + r h(r)).
    show("exp, of half the argument", [c * mp.mpf(-2) ** -(i + 2) for i, c in enumerate(coefficients)], error, dtype)
    print("log2(e)", hexadecimal(parts(1 / mp.log(2), dtype)[0], dtype))
    # n * (first word) is exact for every n of the type's exponent range.
    print("ln2    ", ", ".join(hexadecimal(w, dtype) for w in parts(mp.log(2), head, dtype)))
