"""The tail of the normal distribution: Phi(-a) = e^(-a^2/2) R(a), with R the Mills ratio over sqrt(2 pi), and the
derivative of gelu, e^(-a^2/2) G(a) at -a, G(a) = R(a) - a / sqrt(2 pi).

R(a) = t r(u) and G(a) = (root - a) g(u), t = 1 / (a + 4), u = t - 1/32: with this centre the terms of neither polynomial
cancel, at small a or at large, and the root of the derivative is exact to two words.
"""

import mpmath as mp
import numpy as np

from minimax import fit, hexadecimal, parts, show

DENSITY = 1 / mp.sqrt(2 * mp.pi)


def mills(a):
    return mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2)


ROOT = mp.findroot(lambda a: mills(a) - a * DENSITY, 0.75)


CENTRE = mp.mpf(1) / 32


def r(u):
    t = u + CENTRE
    return mills(1 / t - 4) / t


def g(u):
    a = 1 / (u + CENTRE) - 4
    return (mills(a) - a * DENSITY) / (ROOT - a)


for dtype, top, degrees in ((np.float32, 15, (9, 9)), (np.float64, 39, (23, 22))):
    for name, f, degree in (("r", r, degrees[0]), ("g", g, degrees[1])):
        low, high = 1 / mp.mpf(top + 4) - CENTRE, mp.mpf(1) / 4 - CENTRE
        coefficients, error = fit(f, lambda u: 1 / f(u), degree, low, high, dtype)
        show(name, coefficients, error, dtype)
    print("root", ", ".join(hexadecimal(w, dtype) for w in parts(ROOT, dtype, dtype)))
    # gelu_tanh: 2 sqrt(2/pi) (1 + 0.044715 x^2) = A + B x^2, the first word of A short enough for A + B x^2 - A.
    for name, value in (("A", 4 * DENSITY), ("B", 4 * DENSITY * mp.mpf("0.044715"))):
        words = parts(value, 20 if dtype == np.float32 else 46, dtype)
        print(name, ", ".join(hexadecimal(w, dtype) for w in words))
