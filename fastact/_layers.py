"""Layers: activations with a bias, and gradients with respect to parameters, in one pass over memory.

What is given is checked, brought to one type, seen as outer x channels x inner elements and handed to the C core.
"""

import math
from typing import NamedTuple

import numpy as np

from fastact import _channels, _docs, _layer_docs, _ufuncs
from fastact._channels import BACKWARD, BACKWARD_PARAMETERS, FORWARD
from fastact._checks import axis_of, check_out, check_parameter, check_real, integer
from fastact._names import check_keywords, nearest, placed, refuse_keywords
from fastact._others import as_array, labelled
from fastact._ufuncs import from_pool, own_surroundings

# --- What is given ---------------------------------------------------------------------------------------------------


def numbers(name, given):
    """Return Python's numbers as they are, since they do not decide on the type, and everything else as an array."""
    if type(given) in (bool, int, float):
        check_parameter(name, given)
        return given
    with own_surroundings():
        array = as_array(name, given)
    check_real(name, array.dtype)
    return array


def along_axis(name, values, x, axis):
    """Shape values along an axis of x, so that they broadcast against it."""
    if values.ndim != 1 or values.size != x.shape[axis]:
        needed = f"a vector of length {x.shape[axis]}, as x has along axis {axis}"
        raise ValueError(f"{name}: {needed}, is needed, not shape {values.shape}")
    return values.reshape(-1, *(1 for _ in x.shape[axis + 1 :]))


def weight_along(x, weight, axis):
    """Shape a weight, one value or a vector, to broadcast against x."""
    has_channels = x.ndim > 1 or integer(axis) != 1
    axis = axis_of(x, axis) if has_channels else None
    if np.ndim(weight) > 1:
        raise ValueError(f"weight: a scalar or a vector is needed, not shape {weight.shape}")
    if np.size(weight) == 1:
        return weight if np.ndim(weight) == 0 else weight[0]
    if axis is None:
        raise ValueError(f"weight: one value is needed, not {weight.size}, as x of shape {x.shape} has one channel")
    return along_axis("weight", weight, x, axis)


def activation_name(given):
    """Return the name of an activation, which is given by it or as a ufunc."""
    if isinstance(given, np.ufunc):
        name = given.__name__
        if name not in _ufuncs.table or _ufuncs.get(name) is not given:
            raise ValueError(f"activation: {name} is not one of fastact's activations")
        return name
    if not isinstance(given, str):
        raise TypeError(f"activation: a name or a ufunc is needed, not {type(given).__name__}")
    if given not in _ufuncs.table:
        raise ValueError(f"activation: there is no {given!r}{nearest(given, _ufuncs.table)}")
    return given


def with_defaults(name, parameters, function):
    """Return all parameters of an activation in their order, given the keywords of a function."""
    own = _ufuncs.table[name]
    for parameter in parameters:
        if parameter not in own:
            check_keywords(function, parameters, name)
            raise TypeError(f"{parameter}: {name} has no such parameter; it has {', '.join(own) or 'none'}")
    for parameter, default in own.items():
        if default is None and parameter not in parameters:
            raise TypeError(f"{parameter}: {name} needs a value for it")
    return {parameter: numbers(parameter, parameters.get(parameter, default)) for parameter, default in own.items()}


# --- What is computed ------------------------------------------------------------------------------------------------


def common_type(arrays):
    """Return the type that a ufunc computes in."""
    common = np.result_type(*arrays)
    return np.dtype(common.type if np.issubdtype(common, np.floating) else np.float64)


def common_shape(given):
    try:
        return np.broadcast_shapes(*map(np.shape, given.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(array)}" for name, array in given.items())
        raise ValueError(f"{shapes}: these shapes do not broadcast") from None


def in_order(array, shape):
    """Broadcast an array; a copy only if its elements do not stand in C order."""
    if array.shape == shape and array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.require(np.broadcast_to(array, shape), requirements=["C", "A"])


class Channels(NamedTuple):
    """A shape seen as outer x channels x inner, where channels are all axes from `first` to before `last`."""

    shape: tuple[int, ...]
    first: int
    last: int

    @classmethod
    def of(cls, shape, varying):
        """Take as channels what is between the outermost axes that any of some arrays varies along."""
        axes = [len(shape) - np.ndim(a) + k for a in varying for k, length in enumerate(np.shape(a)) if length != 1]
        return cls(shape, min(axes, default=0), max(axes, default=-1) + 1)

    @property
    def span(self):
        return self.shape[self.first : self.last]

    @property
    def sizes(self):
        return math.prod(self.shape[: self.first]), math.prod(self.span), math.prod(self.shape[self.last :])

    def own_lengths(self, array):
        """Return the lengths of an array along the axes of the channels."""
        return ((1,) * (len(self.shape) - np.ndim(array)) + np.shape(array))[self.first : self.last]

    def values(self, array):
        """Return a value for each channel."""
        return in_order(array.reshape(self.own_lengths(array)), self.span)

    def sum_back(self, sums, array):
        """Add up the sums of channels that share an element of an array."""
        own = [axis for axis, length in enumerate(self.own_lengths(array)) if length != 1]
        shared = [axis for axis, length in enumerate(self.own_lengths(array)) if length == 1]
        by_own = sums.reshape(self.span).transpose(*own, *shared)
        rows = by_own.reshape(np.size(array), math.prod(by_own.shape[len(own) :]))  # contiguous: they sum up pairwise
        total = rows.sum(axis=1)
        finite = np.where(np.isfinite(total), total, (rows * 2.0**-64).sum(axis=1) * 2.0**64)
        return finite.reshape(np.shape(array))


def run(name, operation, arrays, parameters, bias=None, out=None, like=None):
    """Compute an operation of an activation, and the gradients that come with it.

    Parameters
    ----------
    name : str
        The activation.
    operation : int
        FORWARD; BACKWARD, with the gradient with respect to the bias; BACKWARD_PARAMETERS, with those with respect to
        the parameters.
    arrays, parameters : dict of str to ndarray or number
        In the order of the ufunc.
    bias : ndarray, optional
        Added to x, against which it broadcasts.
    out : ndarray, optional
        Where to write the result.
    like : object, optional
        x as it was given: a new result gets its labels.

    Returns
    -------
    result : ndarray, scalar or labelled array
        y or dx.
    gradients : list of ndarray or scalar
        Of the shapes of what they belong to.
    """
    given = arrays | parameters if bias is None else arrays | {"bias": bias} | parameters
    dtype, shape = common_type(given.values()), common_shape(given)
    if out is not None:
        check_out(out, shape, dtype)
    computed = np.dtype(np.float32 if dtype == np.float16 else dtype)

    def prepared(array):
        return np.asarray(array, dtype).astype(computed, copy=False)

    with own_surroundings():
        learnt = {FORWARD: [], BACKWARD: [bias], BACKWARD_PARAMETERS: list(parameters.values())}[operation]
        channels = Channels.of(shape, [array for key, array in given.items() if key not in arrays])
        if bias is not None and np.result_type(arrays["x"], bias) != computed:
            arrays = arrays | {"x": np.add(arrays["x"], bias)}  # in a type of its own, in which it is rounded
            bias = None
        shift = None if bias is None else channels.values(prepared(bias))
        operands = [in_order(prepared(array), shape) for array in arrays.values()]
        values = [prepared(value) for value in parameters.values()]
        values = [in_order(value.ravel(), (1,)) if value.size == 1 else channels.values(value) for value in values]
        others = values if shift is None else [*values, shift]

        direct = out is not None and dtype == computed and _channels.may_write(out, operands, others)
        result = out if direct else from_pool(math.prod(shape) * computed.itemsize, np.empty, shape, computed)
        sums = [np.empty(channels.sizes[1]) for _ in learnt]
        _channels.run(name, operation, channels.sizes, operands, values, shift, result, sums)

        gradients = [channels.sum_back(s, array).astype(dtype)[()] for s, array in zip(sums, learnt, strict=True)]
        if out is None:
            result = result.astype(dtype, copy=False) if shape else dtype.type(result)
            return labelled(result, like), gradients
        if not direct:
            np.copyto(out, result.astype(dtype, copy=False), casting="same_kind")
        return out, gradients


# --- What is exported ------------------------------------------------------------------------------------------------


def prelu(x, weight, axis=1, out=None, **unknown):
    """Rectified linear unit whose slope for negative x is learnt: one weight, or one for each channel.

    Parameters
    ----------
    x : array_like
        Input, of real numbers.
    {weight}
    out : ndarray, optional
        Where to write the result; it may be x. By default a new array is made.

    Returns
    -------
    y : ndarray or scalar
        f(x), of the shape of x.

    Raises
    ------
    TypeError
        An argument is complex, longdouble, object, a string or a lazy array, or has a mask or a unit, or `out` cannot
        hold the result.
    ValueError
        `weight` does not fit x, there is no such `axis`, or `out` is read-only or has another shape.

    Notes
    -----
        f(x) = x if x > 0 else weight * x

        f'(x) = 1 for x > 0, else weight

    It is `fastact.leaky_relu`, bit for bit, with the same types, and the same error: {bound}. A weight of 0 gives 0 at
    -infinity.

    References
    ----------
    {he}

    Examples
    --------
    >>> import numpy as np
    >>> import fastact as fa
    >>> x = np.array([[-2.0, -2.0], [4.0, -4.0]])
    >>> fa.prelu(x, np.array([0.25, 0.5]))
    array([[-0.5, -1. ],
           [ 4. , -2. ]])
    """
    if unknown:
        refuse_keywords("prelu", unknown)
    if (plain := _channels.prelu(FORWARD, None, x, weight, axis, out)) is not None:
        return plain
    like, x, weight = x, np.asarray(numbers("x", x)), numbers("weight", weight)
    return run("leaky_relu", FORWARD, {"x": x}, {"weight": weight_along(x, weight, axis)}, out=out, like=like)[0]


def prelu_backward(dy, x, weight, axis=1, out=None, **unknown):
    """Gradients with respect to the input and the weight of `fastact.prelu`, in one pass.

    Parameters
    ----------
    dy : array_like
        Gradient with respect to the output, of real numbers.
    x : array_like
        Input, of real numbers.
    {weight}
    out : ndarray, optional
        Where to write dx; it may be dy or x. By default a new array is made.

    Returns
    -------
    dx : ndarray or scalar
        dy f'(x).
    dweight : ndarray or scalar
        Sum of dy min(x, 0) over all elements that share a weight, of the shape of `weight`.

    Raises
    ------
    TypeError
        An argument is complex, longdouble, object, a string or a lazy array, or has a mask or a unit, or `out` cannot
        hold dx.
    ValueError
        `weight` does not fit x, the shapes do not broadcast, there is no such `axis`, or `out` is read-only or has
        another shape.

    Notes
    -----
        f'(x) = 1 for x > 0, else weight

        df/dweight = min(x, 0)

    {sums}

    References
    ----------
    {he}

    Examples
    --------
    >>> import numpy as np
    >>> import fastact as fa
    >>> x = np.array([[-2.0, -2.0], [4.0, -4.0]])
    >>> dx, dweight = fa.prelu.backward(np.ones((2, 2)), x, np.array([0.25, 0.5]))
    >>> dx
    array([[0.25, 0.5 ],
           [1.  , 0.5 ]])
    >>> dweight
    array([-2., -6.])
    """
    if unknown:
        refuse_keywords("prelu.backward", unknown)
    if (plain := _channels.prelu(BACKWARD_PARAMETERS, dy, x, weight, axis, out)) is not None:
        return plain
    like, dy, x, weight = x, numbers("dy", dy), np.asarray(numbers("x", x)), numbers("weight", weight)
    parameters = {"weight": weight_along(x, weight, axis)}
    dx, (dweight,) = run("leaky_relu", BACKWARD_PARAMETERS, {"dy": dy, "x": x}, parameters, out=out, like=like)
    return dx, np.reshape(dweight, np.shape(weight))[()]


def bias_act(x, bias, activation="gelu", axis=-1, out=None, **parameters):
    """An activation of x + bias, in one pass.

    Parameters
    ----------
    x : array_like
        Input, of real numbers.
    {bias}
    out : ndarray, optional
        Where to write the result; it may be x. By default a new array is made.
    **parameters : array_like
        Those of the activation, with its defaults.

    Returns
    -------
    y : ndarray
        f(x + bias).

    Raises
    ------
    TypeError
        An argument is complex, longdouble, object, a string or a lazy array, or has a mask or a unit, the activation
        has no such parameter or lacks one, or `out` cannot hold the result.
    ValueError
        There is no such `activation` or `axis`, `bias` is not of the length of x along it, the shapes do not
        broadcast, or `out` is read-only or has another shape.

    Notes
    -----
    The result is that of ``activation(x + bias)`` in every bit: x + bias is rounded to its type, and the error in
    ULP is the one that the docstring of the activation states, at the rounded sum. Types are those of the ufuncs.

    Examples
    --------
    >>> import numpy as np
    >>> import fastact as fa
    >>> x = np.array([[-2.0, 0.5, 2.0], [1.0, 0.0, -1.0]])
    >>> fa.bias_act(x, np.array([1.0, 0.5, -1.0]), "relu")
    array([[0. , 1. , 1. ],
           [2. , 0.5, 0. ]])
    >>> fa.bias_act(x, np.array([1.0, 2.0]), fa.leaky_relu, axis=0, negative_slope=0.5)
    array([[-0.5,  1.5,  3. ],
           [ 3. ,  2. ,  1. ]])
    """
    if (plain := _channels.bias_act(FORWARD, None, x, bias, activation, axis, out, parameters)) is not None:
        return plain
    name = activation_name(activation)
    parameters = with_defaults(name, parameters, "bias_act")
    like, (x, bias) = x, biased(x, bias, axis)
    return run(name, FORWARD, {"x": x}, parameters, bias, out, like)[0]


def bias_act_backward(dy, x, bias, activation="gelu", axis=-1, out=None, **parameters):
    """Gradients with respect to the input and the bias of `fastact.bias_act`, in one pass.

    Parameters
    ----------
    dy : array_like
        Gradient with respect to the output, of real numbers.
    x : array_like
        Input, of real numbers.
    {bias}
    out : ndarray, optional
        Where to write dx; it may be dy or x. By default a new array is made.
    **parameters : array_like
        Those of the activation, with its defaults.

    Returns
    -------
    dx : ndarray
        dy f'(x + bias).
    dbias : ndarray
        Sum of dx over all other axes.

    Raises
    ------
    TypeError
        An argument is complex, longdouble, object, a string or a lazy array, or has a mask or a unit, the activation
        has no such parameter or lacks one, or `out` cannot hold dx.
    ValueError
        There is no such `activation` or `axis`, `bias` is not of the length of x along it, the shapes do not
        broadcast, or `out` is read-only or has another shape.

    Notes
    -----
    dx is ``activation.backward(dy, x + bias)`` in every bit.

    {sums}

    Examples
    --------
    >>> import numpy as np
    >>> import fastact as fa
    >>> x = np.array([[-2.0, 0.5, 2.0], [1.0, 0.0, -1.0]])
    >>> dx, dbias = fa.bias_act.backward(np.ones((2, 3)), x, np.array([1.0, 0.5, -1.0]), "relu")
    >>> dx
    array([[0., 1., 1.],
           [1., 1., 0.]])
    >>> dbias
    array([1., 2., 1.])
    """
    if (plain := _channels.bias_act(BACKWARD, dy, x, bias, activation, axis, out, parameters)) is not None:
        return plain
    name = activation_name(activation)
    parameters = with_defaults(name, parameters, "bias_act.backward")
    like, (x, bias) = x, biased(x, bias, axis)
    dx, (dbias,) = run(name, BACKWARD, {"dy": numbers("dy", dy), "x": x}, parameters, bias, out, like)
    return dx, dbias.reshape(-1)


def biased(x, bias, axis):
    """Return x and a bias in a shape that broadcasts against it."""
    x, bias = np.asarray(numbers("x", x)), np.asarray(numbers("bias", bias))
    return x, along_axis("bias", bias, x, axis_of(x, axis))


_BACKWARD_PARAMS = """\
def backward_params(dy, x, /, {parameters}, out=None, **unknown):
    if unknown:
        refuse_keywords("{name}.backward_params", unknown)
    if (plain := plain_call(dy, x, ({values},), out)) is not None:
        return plain
    return prepared_call(dy, x, dict({keywords}), out)
"""


def backward_params(name):
    """Make the function that computes the gradients with respect to the input and the parameters of an activation.

    It is written out, so that Python itself sorts the arguments: that is faster than an inspect.Signature.
    """
    own = _ufuncs.table[name]

    def prepared_call(dy, x, given, out):
        arrays = {"dy": numbers("dy", dy), "x": numbers("x", x)}
        given = {parameter: numbers(parameter, value) for parameter, value in given.items()}
        dx, gradients = run(name, BACKWARD_PARAMETERS, arrays, given, out=out, like=x)
        return dx, *gradients

    names = {
        "plain_call": _channels.activation(name).backward_params,
        "prepared_call": prepared_call,
        "refuse_keywords": refuse_keywords,
    }
    text = _BACKWARD_PARAMS.format(
        name=name,
        parameters=", ".join(p if default is None else f"{p}={default!r}" for p, default in own.items()),
        values=", ".join(own),
        keywords=", ".join(f"{p}={p}" for p in own),
    )
    exec(text, names)
    function = names["backward_params"]
    function.__doc__ = _docs.backward_params_docstring(name, own)
    return placed(function, f"{name}.backward_params")


def complete(function, backward):
    """Hang on a function its gradient, and fill in the docstrings of both."""
    for documented in (function, backward):
        if documented.__doc__ is not None:  # as it is with python -OO
            documented.__doc__ = documented.__doc__.format(**_layer_docs.SHARED)
    function.backward = placed(backward, f"{function.__name__}.backward")
    placed(function, function.__name__)


complete(prelu, prelu_backward)
complete(bias_act, bias_act_backward)
