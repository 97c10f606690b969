"""The tail of the normal distribution, for gelu and its derivative, and the constants of gelu_tanh.

Phi(-a) = e^(-a^2/2) R(a), R the Mills ratio over sqrt(2 pi), and gelu'(-a) = e^(-a^2/2) G(a), where G(a) is
R(a) - a / sqrt(2 pi).

R(a) = N(a) / (k a N(a) + M(a)), k = sqrt(2 pi): N and M have positive terms, and as 1 / (k R(a)) tends to a, the errors
of N cancel for large a. G(a) = (root - a) g(t - 1/32), t = 1 / (a + 4): the root is exact to two words, and with this
centre the terms of g do not cancel.

The exponential is reduced by 2 ln2 in one word, too large by a factor 1 + EXCESS: that makes it e^(EXCESS a^2/2) times
too large, which R and G take back.
"""

from functools import partial

import mpmath as mp
import numpy as np

from minimax import define_list, define_word, define_words, fit, parts, rounded, show, show_error

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


def excess(dtype):
    return rounded(2 * mp.log(2), dtype) / (2 * mp.log(2)) - 1


def mills_over_excess(dtype, a):
    return mills(a) * mp.exp(-excess(dtype) * a * a / 2)


def g_over_excess(dtype, u):
    return g(u) * mp.exp(-excess(dtype) * (1 / (u + CENTRE) - 4) ** 2 / 2)


def relative(f):
    """The function, and the weight that makes its errors relative."""
    return f, lambda x: 1 / f(x)


def fit_mills(r_of, k, degree_n, degree_m, top):
    """N and M with N(0) = 1 and M(0) = 2, which are left out, and the error they leave.

    Least squares on the linear equation N = R (k a N + M), weighted by the last denominator; the last rounds weigh the
    points by the errors there, which levels these.
    """
    count = 8 * (degree_n + degree_m + 1)
    points = [top * ((1 - mp.cos(mp.pi * (2 * i + 1) / (2 * count))) / 2) ** 1.5 for i in range(count)]
    wanted = [r_of(a) for a in points]
    denominators, weights = [mp.mpf(1)] * count, [mp.mpf(1)] * count
    for iteration in range(14):
        rows, right = [], []
        for a, r, d, w in zip(points, wanted, denominators, weights, strict=True):
            n_terms = [w * a**j * (1 - r * k * a) / (r * d) for j in range(degree_n + 1)]
            m_terms = [-w * a**j / d for j in range(1, degree_m + 1)]
            rows.append(n_terms[1:] + m_terms)
            right.append(2 * w / d - n_terms[0])
        matrix = mp.matrix(rows)
        solution = list(mp.lu_solve(matrix.T * matrix, matrix.T * mp.matrix(right)))
        n, m = [mp.mpf(1), *solution[:degree_n]], [mp.mpf(2), *solution[degree_n:]]
        denominators = [k * a * value(n, a) + value(m, a) for a in points]
        errors = [abs(value(n, a) / d / r - 1) for a, d, r in zip(points, denominators, wanted, strict=True)]
        if iteration >= 7:
            weights = [w * mp.sqrt(mp.mpf("0.3") + e / max(errors)) for w, e in zip(weights, errors, strict=True)]
    return n[1:], m[1:], max(errors)


def stepped(coefficients, steps, dtype):
    """The coefficients rounded, then moved by a number of steps of their last digit."""
    return [
        mp.mpf(float((dtype(float(c)).view(f"i{dtype().itemsize}") + step).view(dtype)))
        for c, step in zip(coefficients, steps, strict=True)
    ]


# The steps are those, among some thousand, with which the largest error of gelu over all x is least.
for dtype, end, top, degree_n, degree_m, degree_g, n_steps, m_steps in (
    (np.float32, 15, 12.5, 4, 4, 9, (0, -3, 2, 8), (-2, 6, 8, 4096)),
    (np.float64, 39, 39, 10, 10, 22, (0,) * 10, (0,) * 10),
):
    k = rounded(1 / DENSITY, dtype)
    n, m, error = fit_mills(partial(mills_over_excess, dtype), k, degree_n, degree_m, mp.mpf(top))
    define_word("gelu_k", k, dtype)
    show("gelu_n", stepped(n, n_steps, dtype), error, dtype)
    show("gelu_m", stepped(m, m_steps, dtype), error, dtype)
    low, high = 1 / mp.mpf(end + 4) - CENTRE, mp.mpf(1) / 4 - CENTRE
    of_g, error = fit(*relative(partial(g_over_excess, dtype)), degree_g, low, high, dtype)
    show_error(error)
    define_word("gelu_g0", of_g[0], dtype)
    define_list("gelu_g1", of_g[1:], dtype)
    define_words("gelu_root", parts(ROOT, dtype, dtype), dtype)
    define_word("ln2", rounded(mp.log(2), dtype), dtype)
    # gelu_tanh: v = 2 sqrt(2/pi) x (1 + 0.044715 x^2), v / (x ln2) = A + B x^2, v' = C + D x^2. The first words are so
    # short that A + B x^2 - A and C + D x^2 - C are exact.
    c, cubic = 4 * DENSITY, mp.mpf("0.044715")
    a = c / mp.log(2)
    for name, constant in zip("abcd", (a, a * cubic, c, 3 * c * cubic), strict=True):
        define_words(f"gelu_tanh_{name}", parts(constant, 20 if dtype == np.float32 else 46, dtype), dtype)
