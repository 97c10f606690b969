"""Error in units in the last place."""

import numpy as np


def exponent_of_ulp(want, kind):
    """The exponent of the spacing of a type, given by its finfo, at numbers of a wider type."""
    binade = np.where(want == 0, kind.minexp, np.frexp(want)[1] - 1)
    return np.maximum(binade, kind.minexp) - kind.nmant


def ulp(want, dtype):
    """The spacing of a type at numbers of a wider type, in that type; at least the smallest subnormal."""
    return np.ldexp(np.ones_like(want), exponent_of_ulp(want, np.finfo(dtype)))


def ulp_error(got, want):
    """|got - want| in ULP of the type of `got`: its spacing at `want`, at least its smallest subnormal.

    Parameters
    ----------
    got : array of float16, float32 or float64
        Results.
    want : array of a wider type
        What they should be, to more digits.

    Returns
    -------
    ndarray of float64
        Infinite where only one of the two is NaN or, once `want` is rounded, infinite.
    """
    got, want = np.asarray(got), np.asarray(want)
    kind = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        rounded = want.astype(got.dtype)
        finite = np.ldexp(np.abs(got.astype(want.dtype) - want), -exponent_of_ulp(want, kind)).astype(np.float64)
        same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
        return np.where(np.isfinite(got) & np.isfinite(rounded), finite, np.where(same, 0.0, np.inf))[()]
