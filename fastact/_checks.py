"""Arguments that several functions check in the same way."""

import operator

import numpy as np
from numpy.lib.array_utils import normalize_axis_index


def integer(axis):
    try:
        return operator.index(axis)
    except TypeError:
        raise TypeError(f"axis: an int is needed, not {type(axis).__name__}") from None


def axis_of(x, axis):
    """Return an axis of an array as a number from 0."""
    return normalize_axis_index(integer(axis), x.ndim, "axis")


def check_out(out, shape, dtype):
    """Demand an array of a shape that can be written to and hold results of a type."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: an ndarray is needed, not {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"out: the shape has to be {shape}, not {out.shape}")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"out: {out.dtype} cannot hold {dtype}")
    if not out.flags.writeable:
        raise ValueError("out: it is read-only")
