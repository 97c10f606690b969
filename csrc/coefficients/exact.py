"""Power series for the exact results of csrc/exact, where the formulas cancel: about the root of a derivative and at 0.

Each holds a relative error of 2^-50, far below the 2^-40 that is asked, within the distance given. What quadruple
precision takes as well, at 2^-6 and below, is printed to its digits.
"""

import mpmath as mp
import numpy as np

from minimax import define, hexadecimal, parts

DIGITS = mp.mpf(2) ** -50
ROOT_DISTANCE = mp.mpf(2) ** -4


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def gelu_tanh(x):
    return x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))


def truncated(series, distance):
    """The terms of a series that matter at `distance`."""
    powers = [abs(c) * distance**k for k, c in enumerate(series)]
    return series[: max(k for k, power in enumerate(powers) if power > DIGITS * max(powers)) + 1]


def word(coefficient):
    return hexadecimal(coefficient, np.float64)


def quad(coefficient):
    """A literal of either type, to the 36 digits that quadruple precision has."""
    return f"REAL({mp.nstr(coefficient, 36, min_fixed=0, max_fixed=0)})"


def show(name, series, distance, literal, kind):
    print(f"/* within {mp.nstr(distance, 5)} */")
    define(name, list(map(literal, truncated(series, distance))), kind)


def show_root(name, f, guess):
    """The root of f' in two words, and f'(root + d) / d as a series in d."""
    mp.mp.prec = 400
    root = mp.findroot(lambda x: mp.diff(f, x), guess)
    high, low = parts(root, np.float64, np.float64)
    define(f"{name}_root", [word(high), word(low)], "double")
    taylor = mp.taylor(f, root, 16)
    show(f"{name}_slopes", [k * taylor[k] for k in range(2, 17)], ROOT_DISTANCE, word, "double")


show_root("silu", lambda x: x * sigmoid(x), -1.278)
show_root("mish", lambda x: x * mp.tanh(mp.log1p(mp.exp(x))), -1.192)
show_root("gelu", lambda x: x * mp.ncdf(x), -0.7518)
show_root("gelu_tanh", gelu_tanh, -0.7525)
# x - tanh(x) = x^3 times a series in x^2
show("tanh_shrink_series", [-c for c in mp.taylor(mp.tanh, 0, 61)[3::2]], mp.mpf(1) / 16, quad, "real")
# minus the limit of selu at -infinity, scale alpha, in two words
limit = mp.mpf("1.0507009873554804934193349852946") * mp.mpf("1.6732632423543772848170429916717")
high = mp.mpf(float(limit))
define("selu_limit", [word(high), quad(limit - high)], "real")
# expm1(z) - z exp(z) = z^2 times a series in z
show("celu_grad_alpha_series", [-mp.mpf(k - 1) / mp.factorial(k) for k in range(2, 30)], mp.mpf(1) / 2, quad, "real")
