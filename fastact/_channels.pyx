# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The C core over arrays with parameters and a bias for each channel; _layers.py prepares what is not plain."""
import numpy as np

from fastact._ufuncs import from_pool

cimport numpy as cnp
from libc.string cimport memset

from fastact._core cimport *
from fastact._plain cimport can_hold

cnp.import_array()

cdef extern from "<fenv.h>":
    ctypedef struct fenv_t:
        pass
    const fenv_t *FE_DFL_ENV
    int fegetenv(fenv_t *)
    int fesetenv(const fenv_t *)

cdef enum:
    MAX_OUTPUTS = 1 + FA_MAX_PARAMETERS

# Of fa_operation
FORWARD = FA_FORWARD
BACKWARD = FA_BACKWARD
BACKWARD_PARAMETERS = FA_BACKWARD_PARAMETERS


cdef class default_environment:
    """Within it, NumPy rounds to nearest and keeps subnormals; the caller's environment is as found afterwards."""
    cdef fenv_t saved

    def __enter__(self):
        fegetenv(&self.saved)
        fesetenv(FE_DFL_ENV)

    def __exit__(self, *exception):
        fesetenv(&self.saved)


def run(name, fa_operation operation, shape, list arrays, list parameters, bias, result, list sums):
    """Call fa_run_channels.

    Parameters
    ----------
    name : str
        The activation.
    operation : int
        FORWARD, BACKWARD or BACKWARD_PARAMETERS.
    shape : tuple of int
        Outer, channels, inner: the sizes of the arrays, seen as three-dimensional.
    arrays : list of ndarray
        x, or dy and x: in C order and aligned, float32 or float64; the first of them decides which.
    parameters : list of ndarray
        The same, with one value, or one for each channel.
    bias : ndarray or None
        The same, with a value for each channel.
    result : ndarray
        Where to put y or dx; as the arrays are.
    sums : list of ndarray
        Where to put the sums over each channel, in float64: for BACKWARD that of dx, if it is wanted; for
        BACKWARD_PARAMETERS those of the gradients by the parameters, which are not stored themselves.
    """
    cdef fa_type type = FA_F64 if (<cnp.ndarray>arrays[0]).descr.type_num == cnp.NPY_DOUBLE else FA_F32
    cdef const fa_loop *loop = fa_get_loop(fa_find(name.encode()), operation, type)
    cdef fa_channels sizes
    cdef char *operands[FA_MAX_OPERANDS]
    cdef Py_ssize_t[FA_MAX_PARAMETERS] strides
    cdef double *totals[MAX_OUTPUTS]
    cdef const void *shift = NULL if bias is None else cnp.PyArray_DATA(bias)
    cdef int first_sum = operation == FA_BACKWARD_PARAMETERS
    cdef int failed
    cdef Py_ssize_t k
    sizes.outer, sizes.channels, sizes.inner = shape
    memset(operands, 0, sizeof(operands))
    memset(totals, 0, sizeof(totals))
    for k, operand in enumerate((*arrays, *parameters, result)):
        operands[k] = cnp.PyArray_BYTES(operand)
    for k, parameter in enumerate(parameters):
        strides[k] = 0 if parameter.size == 1 else parameter.itemsize
    for k, total in enumerate(sums):
        totals[first_sum + k] = <double *>cnp.PyArray_DATA(total)
    with nogil:
        failed = fa_run_channels(loop, &sizes, operands, strides, shift, totals)
    if failed:
        raise MemoryError()


def may_write(out, list arrays, list vectors):
    """can_hold, for _layers.py."""
    return can_hold(out, arrays, vectors)


# --- What needs no preparation ---------------------------------------------------------------------------------------

cdef bint is_plain(given, int type_number):
    """Whether this is a plain array of a type."""
    return (cnp.PyArray_CheckExact(given) and cnp.PyArray_TYPE(<cnp.ndarray>given) == type_number
            and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>given))


cdef cnp.ndarray as_vector(given, int type_number):
    """A Python float, or a plain vector; None: it is neither."""
    cdef cnp.npy_intp one = 1
    cdef cnp.ndarray vector
    if type(given) is not float:
        return given if is_plain(given, type_number) and given.ndim == 1 else None
    vector = cnp.PyArray_EMPTY(1, &one, type_number, 0)
    if type_number == cnp.NPY_DOUBLE:
        (<double *>cnp.PyArray_DATA(vector))[0] = given
    else:
        (<float *>cnp.PyArray_DATA(vector))[0] = fa_nearest_float(given)
    return vector


def run_plain(name, fa_operation operation, tuple arrays, bias, tuple parameters, axis, out):
    """Compute what is in C order, of one type, float32 or float64, and of one shape.

    Parameters
    ----------
    name, operation
        As for run.
    arrays : tuple
        x, or dy and x.
    bias : array_like or None
        A vector along an axis of x.
    parameters : tuple
        Python floats; without a bias they may be vectors along the axis, but not some of them.
    axis : int
        The axis.
    out : ndarray or None
        Where to write the result.

    Returns
    -------
    list or None
        y or dx, and the gradients that go with it. None: something is not as described, and nothing was done.
    """
    cdef cnp.ndarray x
    cdef cnp.npy_intp *dims
    cdef cnp.npy_intp outer = 1, inner = 1, channels
    cdef int type_number, along, k
    last = arrays[len(arrays) - 1]
    if not cnp.PyArray_CheckExact(last) or type(axis) is not int or not -last.ndim <= axis < last.ndim:
        return None
    x, dims, along = last, cnp.PyArray_DIMS(last), axis % last.ndim
    type_number = cnp.PyArray_TYPE(x)
    if type_number != cnp.NPY_FLOAT and type_number != cnp.NPY_DOUBLE:
        return None
    for array in arrays if out is None else (*arrays, out):
        if not is_plain(array, type_number) or not cnp.PyArray_SAMESHAPE(array, x):
            return None

    values = [as_vector(parameter, type_number) for parameter in parameters]
    if any([value is None for value in values]):
        return None
    are_shared = all([value.size == 1 for value in values])
    if bias is not None and not (are_shared and is_plain(bias, type_number) and bias.ndim == 1):
        return None
    vectors = values if bias is None else [bias]
    if bias is None and are_shared:
        channels, inner = 1, x.size
    elif all([vector.size == dims[along] for vector in vectors]):
        channels = dims[along]
        for k in range(along):
            outer *= dims[k]
        for k in range(along + 1, x.ndim):
            inner *= dims[k]
    else:
        return None
    if out is not None and not can_hold(out, arrays, vectors):
        return None

    with default_environment():
        learnt = {FORWARD: (), BACKWARD: (bias,), BACKWARD_PARAMETERS: parameters}[operation]
        sums = [np.empty(channels) for _ in learnt]
        result = from_pool(cnp.PyArray_NBYTES(x), np.empty_like, x) if out is None else out
        run(name, operation, (outer, channels, inner), list(arrays), values, bias, result, sums)
        if not sums:
            return [result]
        with np.errstate(all="ignore"):
            gradients = [total.astype(x.dtype) for total in sums]
        return [result, *(g[0] if type(a) is float else g for g, a in zip(gradients, learnt, strict=True))]
