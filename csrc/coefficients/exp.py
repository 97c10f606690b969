"""e^r = 1 + r + r^2 q(r) for |r| <= ln2 / 2, 2^r = 1 + r ln2 + r^2 q2(r) for |r| <= 1/2, and what reduces to them."""

import mpmath as mp
import numpy as np

from minimax import define, define_word, define_words, fit, hexadecimal, parts, show

# The reductions leave |r| a little above ln2/2 and 1/2 where x * log2(e) and the product with it were rounded.
HALF = mp.mpf(1) / 2 * (1 + mp.mpf(2) ** -10)
RADIUS = mp.log(2) * HALF


def q(r):
    return (mp.expm1(r) - r) / r**2 if abs(r) > 1e-20 else mp.mpf(1) / 2


def q2(r):
    return q(r * mp.log(2)) * mp.log(2) ** 2


for dtype, degree, head in ((np.float32, 4, 15), (np.float64, 9, 42)):
    coefficients, error = fit(q, lambda r: r**2 / mp.exp(r), degree, -RADIUS, RADIUS, dtype)
    show("exp_q", coefficients, error, dtype)
    # e^(-r/2) = 1 + r (-1/2 + r h(r)).
    of_half = [hexadecimal(c * mp.mpf(-2) ** -(i + 2), dtype) for i, c in enumerate(coefficients)]
    define("F(exp_h)", ["-0.5f" if dtype == np.float32 else "-0.5", *of_half])
    coefficients, error = fit(q2, lambda r: r**2 / mp.mpf(2) ** r, degree, -HALF, HALF, dtype)
    show("exp2_q", coefficients, error, dtype)
    define_word("log2_e", parts(1 / mp.log(2), dtype)[0], dtype)
    # n * (first word) is exact for every n of the type's exponent range.
    define_words("ln2", parts(mp.log(2), head, dtype), dtype)
