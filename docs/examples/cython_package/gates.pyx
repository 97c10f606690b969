# cython: language_level=3, boundscheck=False, wraparound=False
"""Gates of neural networks: functions of fastact inside loops of our own, without the interpreter lock."""
from cython.parallel cimport prange

from fastact.views cimport silu_f32, swish_f64_view


def swiglu(const float[:, ::1] a, const float[:, ::1] b, float[:, ::1] out, int num_threads=1):
    """Write silu(a) * b. Row by row, so that a row is still in the cache when it is multiplied."""
    cdef Py_ssize_t rows = a.shape[0]
    cdef Py_ssize_t columns = a.shape[1]
    cdef Py_ssize_t i, j
    if not (b.shape[0] == out.shape[0] == rows and b.shape[1] == out.shape[1] == columns):
        raise ValueError("a, b, out: the shapes differ")
    for i in prange(rows, nogil=True, num_threads=num_threads, schedule="static"):
        silu_f32(&a[i, 0], &out[i, 0], columns)
        for j in range(columns):
            out[i, j] *= b[i, j]


def swish(const double[::1] x, double beta, double[::1] out):
    """Write swish(x, beta). Lengths that differ raise a ValueError, from within nogil, too."""
    with nogil:
        swish_f64_view(x, beta, out)
