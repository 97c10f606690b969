"""Arrays of other packages, where NumPy's protocol for ufuncs does not reach: softmax and its like, and layers.

Units, masks and lazy arrays are refused, as they would be lost. Results get the labels of pandas and xarray.
"""

import numpy as np


def as_array(name, given):
    """Return an argument as an array, unless more than numbers would be lost.

    Raises
    ------
    TypeError
        It has a mask, units, or is a lazy array.
    ValueError
        It has no regular shape.
    """
    if hasattr(type(given), "__array_ufunc__"):  # others, such as lists, are numbers alone
        refuse_loss(name, given)
        if is_lazy(given):
            kind = type(given).__name__
            raise TypeError(f"{name}: this {kind} would be computed at once; use its map_blocks, or compute() it first")
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def refuse_loss(name, given):
    """Demand that an array has neither a mask nor units."""
    if isinstance(given, np.ndarray) and hasattr(given, "mask"):
        raise TypeError(f"{name}: the mask of a {type(given).__name__} would be lost; fill it first")
    if has_unit(given):
        raise TypeError(f"{name}: the unit of a {type(given).__name__} would be lost; take its value first")


def overrides_ufuncs(given):
    """Return whether ufuncs leave it to an object what they do with it, as they do with all but plain arrays."""
    own = getattr(type(given), "__array_ufunc__", None)
    return own is not None and own is not np.ndarray.__array_ufunc__


def has_unit(given):
    """Return whether an object is a quantity of astropy, pint or unyt, or one like them.

    Labels of pandas and xarray may be called "unit", and are attributes then, though not of the type.
    """
    place = given if isinstance(given, np.ndarray) else type(given)
    return overrides_ufuncs(given) and (hasattr(place, "unit") or hasattr(place, "units"))


def is_lazy(given):
    """Return whether an object is a collection of dask that is not computed yet, or has one inside."""
    graph = getattr(type(given), "__dask_graph__", None)
    return graph is not None and graph(given) is not None


def refuse_outputs(function, inputs):
    """Raise TypeError if an input of a ufunc with two outputs is of a package that takes one only."""
    for given in inputs:
        takes_two = isinstance(given, np.ndarray) or has_unit(given) or hasattr(type(given), "loc")
        if is_lazy(given) or (overrides_ufuncs(given) and not takes_two):
            kind = f"{type(given).__module__.partition('.')[0]}.{type(given).__name__}"
            raise TypeError(
                f"{function}() has two outputs, and {kind} takes only one from a ufunc; give its values as a NumPy "
                "array, or in dask use dask.array.apply_gufunc"
            )


class _Second:
    """A ufunc, as far as pandas asks for one, of two arrays: the second."""

    __name__ = "second"
    nin, nout, signature = 2, 1, None

    def __call__(self, _, result):
        return result


def labelled(result, like):
    """Return a result with the labels of an argument of its shape, if that is one of pandas or xarray."""
    kind = type(like)
    if not hasattr(kind, "__array_ufunc__") or isinstance(like, np.ndarray) or np.shape(like) != np.shape(result):
        return result
    if hasattr(kind, "__array_wrap__"):
        return like.__array_wrap__(np.asarray(result))
    if hasattr(kind, "loc"):
        return like.__array_ufunc__(_Second(), "__call__", like, result)
    return result
