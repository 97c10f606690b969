# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The C core over arrays with parameters and a bias for each channel.

_plain_calls.pxi has the calls that need no preparation; _layers.py prepares all others for `run`.
"""
import numpy as np

from fastact import _ufuncs
from fastact._ufuncs import from_pool

cimport numpy as cnp
from cpython.dict cimport PyDict_GetItem
from cpython.long cimport PyLong_AsLongAndOverflow
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.string cimport memcpy, memset

from fastact._core cimport *
from fastact._numbers cimport PyObject, read_number
from fastact._plain cimport can_hold, share_memory

cnp.import_array()

cdef extern from "numpy/arrayobject.h":
    object PyArray_Scalar(void *data, cnp.PyArray_Descr *descr, object base)

cdef enum:
    MAX_OUTPUTS = 1 + FA_MAX_PARAMETERS

# Of fa_operation
FORWARD = FA_FORWARD
BACKWARD = FA_BACKWARD
BACKWARD_PARAMETERS = FA_BACKWARD_PARAMETERS


cdef int run_core(const fa_loop *loop, const fa_channels *sizes, char **operands, const Py_ssize_t *strides,
                  const void *shift, double **totals) except -1:
    """Call fa_run_channels, where there are many elements without Python's lock."""
    cdef int failed
    if sizes.outer * sizes.channels * sizes.inner < MANY:
        failed = fa_run_channels(loop, sizes, operands, strides, shift, totals)
    else:
        with nogil:
            failed = fa_run_channels(loop, sizes, operands, strides, shift, totals)
    if failed:
        raise MemoryError()
    return 0


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
    run_core(loop, &sizes, operands, strides, shift, totals)


def may_write(out, list arrays, list vectors):
    """can_hold, for _layers.py."""
    return can_hold(out, arrays, vectors)


include "_plain_calls.pxi"
