"""Gated pairs that are given one array: its two halves along an axis are the operands, the second being the gate."""

import numpy as np

from fastact._checks import axis_of
from fastact._names import check_keywords


def call_on_halves(ufunc, from_pool, *arrays, axis=-1, out=None, **options):
    """Call a gated pair, or its backward, with one array in the place of gate and up.

    Parameters
    ----------
    ufunc : numpy.ufunc
        Such as `fastact.swiglu` or `fastact.swiglu.backward`.
    from_pool : callable
        That of `_ufuncs`, which imports this module.
    *arrays : array_like
        All inputs but up: the array, or dy and the array. None may stand for up.
    axis : int, default -1
        Along which the array is halved.
    out : ndarray, None, or tuple of one of them, optional
        Where to write the result: of the shape of a half, or for backward of the array.
    **options
        Those of every ufunc.

    Returns
    -------
    ndarray
        f(second half) times the first, or for backward the gradient with respect to the array.
    """
    if options:
        check_keywords(ufunc.__name__, options)
    *dy, x = arrays[: ufunc.nin - 1]
    x = x if hasattr(x, "__array_function__") else np.asanyarray(x)
    up, gate = halves(x, axis)
    if not dy:
        return ufunc(gate, up, out=out, **options)
    dx = out[0] if isinstance(out, tuple) and len(out) == 1 else out
    if dx is None:
        dtype = _type_of(ufunc, *dy, x, **options)
        dx = from_pool(x.size * dtype.itemsize, np.empty_like, x, dtype)
    _check_gradient(dx, x)
    dup, dgate = halves(dx, axis)
    ufunc(*dy, gate, up, out=(dgate, dup), **options)
    return dx


def halves(x, axis):
    """Return views of the two halves of an array along an axis.

    Raises
    ------
    TypeError
        `axis` is no integer.
    ValueError
        There is no such axis, or the array's length along it is odd.

    Examples
    --------
    >>> import numpy as np
    >>> from fastact._halves import halves
    >>> halves(np.arange(6), axis=0)
    (array([0, 1, 2]), array([3, 4, 5]))
    """
    axis = axis_of(x, axis)
    half, odd = divmod(x.shape[axis], 2)
    if odd:
        raise ValueError(f"gate: an even length along axis {axis} is needed to halve it, not {x.shape[axis]}")
    before = (slice(None),) * axis
    return x[(*before, slice(half))], x[(*before, slice(half, None))]


def _check_gradient(out, x):
    """Demand one array that can hold the gradient with respect to x."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: one ndarray is needed, for the gradient with respect to gate, not {type(out).__name__}")
    if out.shape != x.shape:
        raise ValueError(f"out: the shape of gate, {x.shape}, is needed, not {out.shape}")


def _type_of(ufunc, dy, x, **options):
    """Ask NumPy for the type of the gradient: that of a call on nothing."""
    dy, x = (a if type(a) in (int, float) else np.empty(0, np.asanyarray(a).dtype) for a in (dy, x))
    return ufunc(dy, x, x, **options | {"where": True})[0].dtype
