"""Arguments that several functions check in the same way."""

import operator

import numpy as np

READABLE_BITS = 128


def shown(number):
    """Return an int as text; Python refuses to write thousands of digits, which would say no more."""
    if number.bit_length() <= READABLE_BITS:
        return str(number)
    return f"about {'-' * (number < 0)}2^{number.bit_length() - 1}"


def check_parameter(name, given):
    """Raise OverflowError if a Python int is too large for any float."""
    try:
        float(given)
    except OverflowError:
        raise OverflowError(f"{name}: {shown(given)} is too large for float64") from None


def refuse_mask(name, given):
    """Demand that an array has no mask, which would be lost."""
    if isinstance(given, np.ndarray) and hasattr(given, "mask"):
        raise TypeError(f"{name}: the mask of a {type(given).__name__} would be lost; fill it first")


def integer(axis):
    try:
        return operator.index(axis)
    except TypeError:
        raise TypeError(f"axis: an int is needed, not {type(axis).__name__}") from None


def axis_of(x, axis):
    """Return an axis of an array as a number from 0."""
    return axis_within(integer(axis), x.ndim)


def axis_within(axis, ndim):
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(f"axis: {shown(axis)} is out of bounds for an array of dimension {ndim}")
    return axis % ndim


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
