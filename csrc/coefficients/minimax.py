"""Near-minimax polynomials whose coefficients are floats of the target type.

A weighted least-squares fit on Chebyshev points lies within a small factor of the minimax polynomial. The coefficients
are rounded one at a time, lowest power first, and the rest are fitted again around those already rounded, so that what
one rounding costs the next coefficients win back.
"""

import mpmath as mp
import numpy as np

mp.mp.prec = 300


def rounded(value, dtype):
    """`value` rounded to the nearest float of `dtype`, as an mpf."""
    if dtype == np.float32:
        mantissa, exponent = mp.frexp(value)
        return mp.ldexp(mp.nint(mp.ldexp(mantissa, 24)), int(exponent) - 24)
    return mp.mpf(float(value))


def parts(value, *widths):
    """Words that add up to a constant; a width is a type or a number of leading bits."""
    words = []
    for width in widths:
        rest = value - mp.fsum(words)
        if isinstance(width, int):
            mantissa, exponent = mp.frexp(rest)
            words.append(mp.ldexp(mp.nint(mp.ldexp(mantissa, width)), int(exponent) - width))
        else:
            words.append(rounded(rest, width))
    return words


def hexadecimal(value, dtype):
    """The C literal of a value that is exact in `dtype`."""
    mantissa, exponent = float(value).hex().split("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent + ("f" if dtype == np.float32 else "")


def fit(f, weight, degree, low, high, dtype):
    """Coefficients, lowest power first, and the largest |error * weight| that they leave on [low, high]."""
    count = 8 * (degree + 1)
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    weights = [weight(x) for x in points]
    rest = [f(x) for x in points]
    coefficients = []
    for lowest in range(degree + 1):
        rows = mp.matrix(
            [[w * x**power for power in range(lowest, degree + 1)] for x, w in zip(points, weights, strict=True)]
        )
        right = mp.matrix([w * y for w, y in zip(weights, rest, strict=True)])
        coefficient = rounded(mp.lu_solve(rows.T * rows, rows.T * right)[0], dtype)
        rest = [y - coefficient * x**lowest for x, y in zip(points, rest, strict=True)]
        coefficients.append(coefficient)
    return coefficients, max(abs(y * w) for y, w in zip(rest, weights, strict=True))


def nearly_exact(f, centre, dtype):
    """The point near `centre`, among a thousand with few bits, where f is closest to a float of `dtype`."""
    points = [centre + mp.mpf(i) / 2**14 for i in range(-500, 501)]
    return min(points, key=lambda x: abs(rounded(f(x), dtype) / f(x) - 1))


def define(name, literals, kind="real"):
    """Print the C definition of a constant, or of a list of them."""
    if isinstance(literals, str):
        print(f"static const {kind} {name} = {literals};")
    else:
        print(f"static const {kind} {name}[] = {{{', '.join(literals)}}};")


def define_word(name, value, dtype):
    define(f"F({name})", hexadecimal(value, dtype))


def define_words(name, words, dtype):
    for part, word in zip(("high", "low"), words, strict=True):
        define_word(f"{name}_{part}", word, dtype)


def define_list(name, values, dtype):
    """Coefficients are listed lowest power first."""
    define(f"F({name})", [hexadecimal(value, dtype) for value in values])


def show_error(error):
    print(f"/* error 2^{float(mp.log(error, 2)):.2f} */")


def show(name, coefficients, error, dtype):
    show_error(error)
    define_list(name, coefficients, dtype)
