"""Arguments that several functions check in the same way."""

import operator

import numpy as np

from fastact._others import refuse_loss

READABLE_BITS = 128
REAL_TYPES = frozenset(np.dtype(code).num for code in "?" + np.typecodes["AllInteger"] + "efd")


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


def is_real(dtype):
    """Return whether a type is bool, an integer or a float of NumPy's own that the kernels compute in.

    Types of other packages may have any kind and size, such as the float8_e5m2 of ml_dtypes; the number is NumPy's.

    Examples
    --------
    >>> import numpy as np
    >>> from fastact._checks import is_real
    >>> [is_real(np.dtype(code)) for code in ("?", ">i8", "e", "g", "V4")]
    [True, True, True, False, False]
    """
    return dtype.num in REAL_TYPES


def check_real(name, dtype):
    if not is_real(dtype):
        raise TypeError(f"{name}: float16, float32, float64, bool or integers are needed, not {dtype}")


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
    if type(out) is not np.ndarray:
        if not isinstance(out, np.ndarray):
            raise TypeError(f"out: an ndarray is needed, not {type(out).__name__}")
        refuse_loss("out", out)
    if out.shape != shape:
        raise ValueError(f"out: the shape has to be {shape}, not {out.shape}")
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"out: {out.dtype} cannot hold {dtype}")
    if not out.flags.writeable:
        raise ValueError("out: it is read-only")
