# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The C core over arrays with parameters and a bias for each channel; _layers.py sees to what is given."""
import numpy as np

from fastact._ufuncs import from_pool

cimport numpy as cnp
from libc.string cimport memcmp

from fastact._core cimport *

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


def run(name, fa_operation operation, shape, list arrays, list parameters, bias, list outputs, list sums):
    """Call fa_run_channels.

    Parameters
    ----------
    name : str
        The activation.
    operation : int
        FORWARD, BACKWARD or BACKWARD_PARAMETERS.
    shape : tuple of int
        Outer, channels, inner: the sizes of the arrays, seen as three-dimensional.
    arrays, outputs : list of ndarray
        In C order and aligned, float32 or float64; the first of them decides which. An output may be None.
    parameters : list of ndarray
        The same, with one value, or one for each channel.
    bias : ndarray or None
        The same, with a value for each channel.
    sums : list of ndarray or None
        For every output None, or where to put its sum over each channel, in float64.
    """
    cdef fa_type type = FA_F64 if (<cnp.ndarray>arrays[0]).descr.type_num == cnp.NPY_DOUBLE else FA_F32
    cdef const fa_loop *loop = fa_get_loop(fa_find(name.encode()), operation, type)
    cdef fa_channels sizes
    cdef char *operands[FA_MAX_OPERANDS]
    cdef Py_ssize_t[FA_MAX_PARAMETERS] strides
    cdef double *totals[MAX_OUTPUTS]
    cdef const void *shift = NULL if bias is None else cnp.PyArray_DATA(bias)
    cdef int failed
    cdef Py_ssize_t k
    sizes.outer, sizes.channels, sizes.inner = shape
    for k, operand in enumerate(arrays + parameters + outputs):
        operands[k] = NULL if operand is None else cnp.PyArray_BYTES(operand)
    for k, parameter in enumerate(parameters):
        strides[k] = 0 if parameter.size == 1 else parameter.itemsize
    for k, total in enumerate(sums):
        totals[k] = NULL if total is None else <double *>cnp.PyArray_DATA(total)
    with nogil:
        failed = fa_run_channels(loop, &sizes, operands, strides, shift, totals)
    if failed:
        raise MemoryError()


# --- Plain arrays ----------------------------------------------------------------------------------------------------

cdef bint is_plain(given, int type_number):
    """Whether this is an array that the C core can take as it is."""
    cdef cnp.ndarray array
    if type(given) is not np.ndarray:
        return False
    array = given
    return (cnp.PyArray_TYPE(array) == type_number and cnp.PyArray_IS_C_CONTIGUOUS(array)
            and cnp.PyArray_ISALIGNED(array) and cnp.PyArray_ISNOTSWAPPED(array))


cdef bint have_one_shape(cnp.ndarray a, cnp.ndarray b):
    return a.ndim == b.ndim and memcmp(cnp.PyArray_DIMS(a), cnp.PyArray_DIMS(b), a.ndim * sizeof(cnp.npy_intp)) == 0


cdef bint may_hold(cnp.ndarray out, tuple arrays, vector):
    """Whether results can go straight to `out`, which is plain: it is one of the arrays, or shares no memory."""
    cdef cnp.ndarray array
    for array in arrays:
        if cnp.PyArray_DATA(array) != cnp.PyArray_DATA(out) and np.may_share_memory(array, out):
            return False
    return cnp.PyArray_ISWRITEABLE(out) and not np.may_share_memory(vector, out)


def run_plain(name, fa_operation operation, tuple arrays, vector, axis, out, tuple parameters=None):
    """Compute what needs no preparation: all arrays are plain, of one type, and those of the elements of one shape.

    Parameters
    ----------
    name, operation
        As for run.
    arrays : tuple
        x, or dy and x.
    vector : array_like
        Along `axis` of x: the bias, or if no parameters are given, the parameter.
    out : ndarray, optional
        Where to write the result.
    parameters : tuple of float, optional
        Those of an activation with a bias.

    Returns
    -------
    tuple or None
        y or dx, and the gradient with respect to the vector, if it is asked for. None: something is not plain, or not
        as it should be, and nothing was done.
    """
    cdef cnp.ndarray x
    cdef cnp.npy_intp *dims
    cdef cnp.npy_intp outer = 1, inner = 1
    cdef int type_number, along, k
    last = arrays[len(arrays) - 1]
    if type(last) is not np.ndarray or type(axis) is not int or not -last.ndim <= axis < last.ndim:
        return None
    x, dims, along = last, cnp.PyArray_DIMS(last), axis % last.ndim
    type_number = cnp.PyArray_TYPE(x)
    if type_number != cnp.NPY_FLOAT and type_number != cnp.NPY_DOUBLE:
        return None
    if not is_plain(vector, type_number) or vector.ndim != 1 or cnp.PyArray_DIM(vector, 0) != dims[along]:
        return None
    for array in arrays if out is None else (*arrays, out):
        if not is_plain(array, type_number) or not have_one_shape(array, x):
            return None
    if out is not None and not may_hold(out, arrays, vector):
        return None

    for k in range(along):
        outer *= dims[k]
    for k in range(along + 1, x.ndim):
        inner *= dims[k]
    with default_environment():
        result = from_pool(cnp.PyArray_NBYTES(x), np.empty_like, x) if out is None else out
        total = None if operation == FA_FORWARD else np.empty(dims[along])
        biased = parameters is not None
        run(
            name, operation, (outer, dims[along], inner), list(arrays),
            [np.array([value], x.dtype) for value in parameters] if biased else [vector],
            vector if biased else None,
            [result] if biased or total is None else [result, None],
            [total] if biased or total is None else [None, total],
        )
        if total is None:
            return result, None
        with np.errstate(all="ignore"):
            return result, total.astype(x.dtype)
