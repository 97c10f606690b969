# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The C core over arrays with parameters and a bias for each channel; _layers.py sees to what is given."""
cimport numpy as cnp

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
