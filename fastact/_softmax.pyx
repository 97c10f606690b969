# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, binding=True
# cython: freethreading_compatible=True
"""Softmax, its logarithm, softmin and log-sum-exp over any axes of an array.

The C core reduces the middle axis of contiguous arrays of outer x length x inner elements. An array of another form is
brought into that one: its axes are taken in the order in which they lie in memory, and where the reduced ones are not
neighbours in that order, or the array has gaps, it is copied. The entries of a row always come in the order of the
axes, so that results do not depend on the layout.
"""
import operator

import numpy as np

from fastact import _softmax_docs, _softmax_reference
from fastact._checks import axis_within, check_out, check_real
from fastact._names import placed, refuse_keywords
from fastact._others import as_array, labelled
from fastact._ufuncs import from_pool, own_surroundings

cimport numpy as cnp

from fastact._core cimport *
from fastact._plain cimport can_hold

cnp.import_array()


# --- Arguments -------------------------------------------------------------------------------------------------------

cdef inline int check_unknown(str function, dict keywords) except -1:
    if keywords:
        refuse_keywords(function, keywords)
    return 0


cdef inline int float_type(cnp.ndarray array) except -2:
    """The fa_type of an array; -1: it has none."""
    cdef int number = cnp.PyArray_TYPE(array)
    if number == cnp.NPY_FLOAT:
        return FA_F32
    if number == cnp.NPY_DOUBLE:
        return FA_F64
    return FA_F16 if number == cnp.NPY_FLOAT16 else -1


cdef converted(cnp.ndarray array, dtype):
    with own_surroundings():
        return array.astype(dtype)


cdef cnp.ndarray as_floats(given, name):
    """An array of floats that the C core can read; bool and integers become float64."""
    cdef cnp.ndarray array
    if cnp.PyArray_CheckExact(given):
        array = given
    else:
        with own_surroundings():
            array = as_array(name, given)
    if float_type(array) >= 0:
        return array if cnp.PyArray_ISBEHAVED_RO(array) else converted(array, array.dtype.newbyteorder("="))
    check_real(name, array.dtype)
    return converted(array, np.float64)


cdef tuple axes_of(axis, int ndim):
    """The axes as sorted numbers from 0; one number may be an axis of a scalar, as in NumPy's reductions."""
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, tuple) else (axis,)
    if ndim == 0 and given in ((0,), (-1,)):
        return ()
    axes = set()
    for number in given:
        try:
            index = operator.index(number)
        except TypeError:
            raise TypeError(f"axis: an int, a tuple of ints or None is needed, not {axis!r}") from None
        axes.add(axis_within(index, ndim))
    if len(axes) < len(given):
        raise ValueError(f"axis: {axis!r} names an axis twice")
    return tuple(sorted(axes))


# --- Layout ----------------------------------------------------------------------------------------------------------

cdef struct Sizes:
    size_t outer
    size_t length
    size_t inner


cdef bint split(shape, order, axes, Sizes *sizes):
    """Whether the given axes are neighbours in this order, and none is before one with a smaller number."""
    cdef Py_ssize_t last = -1
    cdef Py_ssize_t axis, n
    sizes.outer = sizes.length = sizes.inner = 1
    for axis in order:
        n = shape[axis]
        if n == 1:
            continue
        if axis not in axes:
            if last < 0:
                sizes.outer *= n
            else:
                sizes.inner *= n
        elif axis < last or sizes.inner != 1:
            return False
        else:
            sizes.length *= n
            last = axis
    return True


cdef order_for(cnp.ndarray array, shape, axes, Sizes *sizes):
    """The order in which to take an array's axes so that the given ones are neighbours: if possible, as they lie."""
    order = range(array.ndim)
    if not cnp.PyArray_IS_C_CONTIGUOUS(array):
        steps = [-abs(step) for step in (<object>array).strides]
        order = sorted(order, key=steps.__getitem__)
    if not split(shape, order, axes, sizes):
        order = [axis for axis in range(array.ndim) if axis not in axes] + list(axes)
        split(shape, order, axes, sizes)
    return order


cdef inline cnp.ndarray laid_out(cnp.ndarray array, order):
    """The array with its axes in this order: contiguous, and itself if it is so already."""
    if type(order) is not range:
        array = array.transpose(order)
    return array if cnp.PyArray_IS_C_CONTIGUOUS(array) else np.ascontiguousarray(array)


cdef copy(to, values):
    with own_surroundings():
        np.copyto(to, values, casting="same_kind")


cdef empty_like(array):
    return from_pool(array.nbytes, np.empty_like, array, subok=False)


cdef minus(array):
    return np.negative(array, out=empty_like(array))


# --- Computation -----------------------------------------------------------------------------------------------------

cdef int run(fa_reduction reduction, cnp.ndarray a, cnp.ndarray b, cnp.ndarray out, Sizes n) except -1:
    cdef const void *a_data = cnp.PyArray_DATA(a)
    cdef const void *b_data = cnp.PyArray_DATA(b)
    cdef void *out_data = cnp.PyArray_DATA(out)
    cdef fa_type type = float_type(a)
    cdef int failed
    if n.outer * n.length * n.inner < MANY:
        failed = fa_reduce(reduction, type, a_data, b_data, out_data, n.outer, n.length, n.inner)
    else:
        with nogil:
            failed = fa_reduce(reduction, type, a_data, b_data, out_data, n.outer, n.length, n.inner)
    if failed:
        raise MemoryError("a copy of a few columns of the array does not fit into memory")
    return 0


cdef transform(fa_reduction reduction, cnp.ndarray a, cnp.ndarray b, axis, out, like):
    """Compute a result of the shape of a and b; a new one gets the labels of what was given for b."""
    cdef Sizes sizes
    cdef cnp.ndarray target
    shape = (<object>b).shape
    axes = axes_of(axis, b.ndim)
    if out is not None:
        check_out(out, shape, b.dtype)
    order = order_for(b, shape, axes, &sizes)
    same, source = a is b, b
    b = laid_out(b, order)
    a = b if same else laid_out(a, order)
    result = empty_like(source) if out is None else out
    view = result if type(order) is range else result.transpose(order)
    target = view if can_hold(view, (a, b), ()) else empty_like(a)
    run(reduction, a, b, target, sizes)
    if target is not view:
        copy(view, target)
    if out is not None:
        return result
    result = result[()] if b.ndim == 0 else result
    return result if cnp.PyArray_CheckExact(like) else labelled(result, like)


cdef summarize(fa_reduction reduction, cnp.ndarray x, axis, bint keepdims, out):
    """Compute a result without the reduced axes."""
    cdef Sizes sizes
    shape = (<object>x).shape
    axes = axes_of(axis, x.ndim)
    order = order_for(x, shape, axes, &sizes)
    kept = [axis for axis in order if axis not in axes]
    values = np.empty([shape[axis] for axis in kept], x.dtype)
    if sizes.length == 0:
        values.fill(-np.inf)
    x = laid_out(x, order)
    run(reduction, x, x, values, sizes)
    result = values.transpose(sorted(range(len(kept)), key=kept.__getitem__))
    if keepdims:
        result = np.expand_dims(result, axes)
    if out is None:
        return result if result.ndim else result[()]
    check_out(out, result.shape, result.dtype)
    copy(out, result)
    return out


cdef gradient(fa_reduction reduction, given_dy, given_y, axis, out, bint negative=False):
    """Compute the gradient with respect to the input, or minus it, from that with respect to the output."""
    dy, y = as_floats(given_dy, "dy"), as_floats(given_y, "y")
    if dy.shape != y.shape:
        raise ValueError(f"dy: its shape is {dy.shape}, and that of y is {y.shape}")
    common = np.promote_types(dy.dtype, y.dtype)
    dy = dy if dy.dtype == common else converted(dy, common)
    y = y if y.dtype == common else converted(y, common)
    return transform(reduction, minus(dy) if negative else dy, y, axis, out, given_y)


# --- What is exported ------------------------------------------------------------------------------------------------

def softmax(x, axis=-1, out=None, **unknown):
    check_unknown("softmax", unknown)
    array = as_floats(x, "x")
    return transform(FA_SOFTMAX, array, array, axis, out, x)


def log_softmax(x, axis=-1, out=None, **unknown):
    check_unknown("log_softmax", unknown)
    array = as_floats(x, "x")
    return transform(FA_LOG_SOFTMAX, array, array, axis, out, x)


def softmin(x, axis=-1, out=None, **unknown):
    check_unknown("softmin", unknown)
    array = minus(as_floats(x, "x"))
    return transform(FA_SOFTMAX, array, array, axis, out, x)


def logsumexp(x, axis=None, keepdims=False, out=None, **unknown):
    check_unknown("logsumexp", unknown)
    if not isinstance(keepdims, (int, np.bool_)):
        raise TypeError(f"keepdims: a bool is needed, not {type(keepdims).__name__}")
    return summarize(FA_LOGSUMEXP, as_floats(x, "x"), axis, keepdims, out)


def softmax_backward(dy, y, axis=-1, out=None, **unknown):
    check_unknown("softmax.backward", unknown)
    return gradient(FA_SOFTMAX_BACKWARD, dy, y, axis, out)


def log_softmax_backward(dy, y, axis=-1, out=None, **unknown):
    check_unknown("log_softmax.backward", unknown)
    return gradient(FA_LOG_SOFTMAX_BACKWARD, dy, y, axis, out)


def softmin_backward(dy, y, axis=-1, out=None, **unknown):
    check_unknown("softmin.backward", unknown)
    return gradient(FA_SOFTMAX_BACKWARD, dy, y, axis, out, negative=True)


def describe(function, backward=None):
    """Hang on a function its documentation, its formula, its reference and its gradient."""
    name = function.__name__
    placed(function, name)
    function.__doc__ = _softmax_docs.docstring(name)
    function.formula = _softmax_docs.FORMULAS[name]
    function.reference = getattr(_softmax_reference, name)
    if backward is not None:
        backward.__doc__ = _softmax_docs.backward_docstring(name)
        backward.reference = getattr(_softmax_reference, f"{name}_backward")
        function.backward = placed(backward, f"{name}.backward")


describe(softmax, softmax_backward)
describe(log_softmax, log_softmax_backward)
describe(softmin, softmin_backward)
describe(logsumexp)
