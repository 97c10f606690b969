# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Exact float32 results, and the errors of others against them. Knows the table, shares no other code with _ufuncs."""
from libc.stdint cimport uint64_t


cdef extern from "exact.h":
    ctypedef enum exact_operation:
        EXACT_FORWARD
        EXACT_GRAD
        EXACT_FROM_OUTPUT
        EXACT_GRAD_P
        EXACT_OPERATION_COUNT

    ctypedef void exact_loop(const float *x, size_t n, double p, double q, double *want) noexcept nogil

    ctypedef struct exact_tally:
        double largest, sum
        uint64_t count, within_half, within_one, within_two, near_root
        double largest_near_root
        float x, got
        double want

    exact_loop *exact_find(const char *name, exact_operation operation)
    void exact_compare(const float *x, const float *got, const double *want, size_t n, double root,
                       exact_tally *tally) nogil


def evaluate(str name, int operation, const float[::1] x, double[::1] want, double p=0, double q=0):
    """Write the exact results of one operation for float32 numbers, right to 2**-40 relative.

    Parameters
    ----------
    name : str
        The activation.
    operation : int
        0 is forward, 1 grad, 2 the derivative from the output y in place of x, 3 and 4 the derivatives by the first and
        the second parameter.
    x : array of float32
    want : array of float64, of the size of x
        Receives the results.
    p, q : float
        The values of the parameters.
    """
    cdef exact_loop *loop = NULL
    if 0 <= operation < EXACT_OPERATION_COUNT:
        loop = exact_find(name.encode(), <exact_operation>operation)
    if loop == NULL:
        raise ValueError(f"there is no operation {operation} of {name!r}")
    if x.shape[0] != want.shape[0]:
        raise ValueError(f"want: {want.shape[0]} elements for {x.shape[0]} of x")
    if x.shape[0]:
        with nogil:
            loop(&x[0], x.shape[0], p, q, &want[0])


def compare(const float[::1] x, const float[::1] got, const double[::1] want, double root):
    """Tally the errors of float32 results against the exact ones: a dict with the fields of exact_tally.

    Parameters
    ----------
    x, got : array of float32
    want : array of float64
    root : float
        Of a derivative, next to which small absolute errors are told apart; NaN where there is none.
    """
    cdef exact_tally tally = exact_tally(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    if not x.shape[0] == got.shape[0] == want.shape[0]:
        raise ValueError(f"{got.shape[0]} results, {want.shape[0]} exact ones, for {x.shape[0]} of x")
    if x.shape[0]:
        with nogil:
            exact_compare(&x[0], &got[0], &want[0], x.shape[0], root, &tally)
    return tally
