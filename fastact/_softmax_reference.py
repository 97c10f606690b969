"""Softmax and its like as formulas in NumPy, written to be read and checked.

They share nothing with the compiled kernels, and compute in float64, or in longdouble where an argument is longdouble.
A row without a finite largest entry gives what the kernels give, without a warning.
"""

import functools

import numpy as np


def _quiet(formula):
    """Take arguments as floats of at least 64 bits, and raise no floating-point warning."""

    @functools.wraps(formula)
    def computed(*arrays, **options):
        arrays = [np.asarray(array) for array in arrays]
        wide = np.result_type(np.float64, *arrays)
        with np.errstate(all="ignore"):
            return formula(*(array.astype(wide) for array in arrays), **options)

    return computed


def _largest(x, axis):
    return np.max(x, axis=axis, keepdims=True, initial=-np.inf)


@_quiet
def softmax(x, *, axis=-1):
    """Exponentials over their sum, with the largest entry taken off first."""
    e = np.exp(x - _largest(x, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


@_quiet
def log_softmax(x, *, axis=-1):
    """Logarithm of softmax, as two terms that do not cancel."""
    return x - _largest(x, axis) - _log_sum(x, axis) if np.size(x) else x


def _log_sum(x, axis):
    """Logarithm of sum(exp(x - largest)): the largest are counted, so that a small rest keeps its digits."""
    largest = _largest(x, axis)
    is_largest = x == largest
    rest = np.sum(np.where(is_largest, 0, np.exp(x - largest)), axis=axis, keepdims=True)
    return np.log1p(np.sum(is_largest, axis=axis, keepdims=True) - 1 + rest)


@_quiet
def softmin(x, *, axis=-1):
    """Softmax of -x."""
    return softmax(-x, axis=axis)


@_quiet
def logsumexp(x, *, axis=None, keepdims=False):
    """Logarithm of the sum of exponentials."""
    result = _largest(x, axis) + _log_sum(x, axis)
    return result if keepdims else np.squeeze(result, axis=axis)


@_quiet
def softmax_backward(dy, y, *, axis=-1):
    """Gradient of softmax from its output."""
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))


@_quiet
def log_softmax_backward(dy, y, *, axis=-1):
    """Gradient of log_softmax from its output."""
    return dy - np.exp(y) * np.sum(dy, axis=axis, keepdims=True)


@_quiet
def softmin_backward(dy, y, *, axis=-1):
    """Gradient of softmin from its output."""
    return -softmax_backward(dy, y, axis=axis)
