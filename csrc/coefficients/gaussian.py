"""The tail of the normal distribution, for gelu and its derivative, and the constants of gelu_tanh.

Phi(-a) = e^(-a^2/2) R(a), R the Mills ratio over sqrt(2 pi), and gelu'(-a) = e^(-a^2/2) G(a), where G(a) is
R(a) - a / sqrt(2 pi).

R(a) = N(a) / (k a N(a) + M(a)), k = sqrt(2 pi): N and M have positive terms, and as 1 / (k R(a)) tends to a, the errors
of N cancel for large a. G(a) = (root - a) g(t - 1/32), t = 1 / (a + 4): the root is exact to two words, and with this
centre the terms of g do not cancel.
"""

import mpmath as mp
import numpy as np

from minimax import fit, hexadecimal, parts, rounded, show

DENSITY = 1 / mp.sqrt(2 * mp.pi)
CENTRE = mp.mpf(1) / 32


def mills(a):
    return mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2)


ROOT = mp.findroot(lambda a: mills(a) - a * DENSITY, 0.75)


def g(u):
    a = 1 / (u + CENTRE) - 4
    return (mills(a) - a * DENSITY) / (ROOT - a)


def value(coefficients, x):
    return mp.polyval(coefficients[::-1], x)


def fit_mills(k, degree_n, degree_m, top):
    """N and M, M(0) = 1: least squares on the linear equation N = R (k a N + M), weighted by the last denominator."""
    count = 8 * (degree_n + degree_m + 2)
    points = [top * ((1 - mp.cos(mp.pi * (2 * i + 1) / (2 * count))) / 2) ** 2 for i in range(count)]
    wanted = [mills(a) for a in points]
    denominators = [mp.mpf(1)] * count
    for _ in range(8):
        rows, right = [], []
        for a, r, d in zip(points, wanted, denominators, strict=True):
            n_terms = [a**j * (1 - r * k * a) / (r * d) for j in range(degree_n + 1)]
            m_terms = [-(a**j) / d for j in range(1, degree_m + 1)]
            rows.append(n_terms + m_terms)
            right.append(1 / d)
        matrix = mp.matrix(rows)
        solution = list(mp.lu_solve(matrix.T * matrix, matrix.T * mp.matrix(right)))
        n, m = solution[: degree_n + 1], [mp.mpf(1), *solution[degree_n + 1 :]]
        denominators = [k * a * value(n, a) + value(m, a) for a in points]
    return n, m


def round_mills(k, n, m, top, dtype):
    """N and M times the factor that leaves the least error after rounding.

    A common factor is free. It lies near 3/2, where the roundings of N and M at small a are small relative to them.
    """
    points = [top * (mp.mpf(i) / 150) ** 2 for i in range(151)]
    wanted = [mills(a) for a in points]

    def scaled(factor):
        rounded_n, rounded_m = ([rounded(c * factor, dtype) for c in cs] for cs in (n, m))
        error = max(
            abs(value(rounded_n, a) / (k * a * value(rounded_n, a) + value(rounded_m, a)) / r - 1)
            for a, r in zip(points, wanted, strict=True)
        )
        return error, rounded_n, rounded_m

    return min((scaled(mp.mpf(i) / 256) for i in range(360, 430)), key=lambda result: result[0])


for dtype, top, degree_n, degree_m, degree_g in ((np.float32, 15, 5, 4, 9), (np.float64, 39, 10, 9, 22)):
    k = rounded(1 / DENSITY, dtype)
    error, n, m = round_mills(k, *fit_mills(k, degree_n, degree_m, mp.mpf(top)), mp.mpf(top), dtype)
    print("gelu_k", hexadecimal(k, dtype))
    show("gelu_n", n, error, dtype)
    show("gelu_m", m, error, dtype)
    low, high = 1 / mp.mpf(top + 4) - CENTRE, mp.mpf(1) / 4 - CENTRE
    show("gelu_g", *fit(g, lambda u: 1 / g(u), degree_g, low, high, dtype), dtype)
    print("gelu_root", ", ".join(hexadecimal(w, dtype) for w in parts(ROOT, dtype, dtype)))
    # gelu_tanh: 2 sqrt(2/pi) (1 + 0.044715 x^2) = A + B x^2, the first words so short that A + B x^2 - A is exact.
    for name, constant in (("gelu_tanh_a", 4 * DENSITY), ("gelu_tanh_b", 4 * DENSITY * mp.mpf("0.044715"))):
        words = parts(constant, 20 if dtype == np.float32 else 46, dtype)
        print(name, ", ".join(hexadecimal(w, dtype) for w in words))
