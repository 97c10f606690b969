# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""Exact results, and the errors of float32 against them. The table is all that it shares with _ufuncs."""
from libc.stdint cimport uint64_t

from fastact import _roots


cdef extern from "exact/exact.h":
    ctypedef enum fa_operation:
        FA_FORWARD
        FA_OPERATION_COUNT

    ctypedef void exact_loop(const float *x, size_t n, double p, double q, double *want) noexcept nogil

    ctypedef struct exact_tally:
        double largest, sum
        uint64_t count, within_half, within_one, within_two, near_root
        double largest_near_root
        float x, got
        double want

    ctypedef struct exact_root:
        double at, distance, derivative, error

    ctypedef struct exact_words:
        double high, low

    ctypedef void exact_wide_loop(const double *x, size_t n, double p, double q, exact_words *want) noexcept nogil

    exact_loop *exact_find(const char *name, fa_operation operation)
    exact_wide_loop *exact_find_quad(const char *name, fa_operation operation)
    exact_wide_loop *exact_find_long(const char *name, fa_operation operation)
    void exact_compare(const float *x, const float *got, const double *want, size_t n, exact_root root,
                       exact_tally *tally) nogil


def evaluate(str name, int operation, const float[::1] x, double[::1] want, double p=0, double q=0):
    """Write the exact results of one operation for float32 numbers, right to 2**-40 relative.

    Parameters
    ----------
    name : str
        The activation.
    operation : int
        Its number, as _ufuncs.number_of has it. backward_from_output is with dy = 1, and its x is the output y.
        backward and value_and_grad are made of others, and have no results of their own.
    x : array of float32
    want : array of float64, of the size of x
        Receives the results.
    p, q : float
        The values of the parameters.
    """
    cdef exact_loop *loop = NULL
    if 0 <= operation < FA_OPERATION_COUNT:
        loop = exact_find(name.encode(), <fa_operation>operation)
    if loop == NULL:
        raise ValueError(f"there is no operation {operation} of {name!r}")
    if x.shape[0] != want.shape[0]:
        raise ValueError(f"want: {want.shape[0]} elements for {x.shape[0]} of x")
    if x.shape[0]:
        with nogil:
            loop(&x[0], x.shape[0], p, q, &want[0])


HAS_QUAD = exact_find_quad("relu", FA_FORWARD) != NULL


def evaluate_wide(str name, int operation, const double[::1] x, double[:, ::1] want, double p=0, double q=0,
                  bint roughly=False):
    """Write the exact results of one operation for float64 numbers, from quadruple precision; that needs HAS_QUAD.

    Parameters
    ----------
    name, operation, p, q
        As for `evaluate`.
    x : array of float64
    want : array of float64, of the shape (size of x, 2)
        Receives the rounded results, each with 2**53 times what it lacks.
    roughly : bool
        Compute in long double instead: faster, but right to a part of an ULP only.
    """
    cdef exact_wide_loop *loop = NULL
    if 0 <= operation < FA_OPERATION_COUNT:
        loop = (exact_find_long if roughly else exact_find_quad)(name.encode(), <fa_operation>operation)
    if loop == NULL:
        raise ValueError(f"there is no operation {operation} of {name!r}" + ("" if HAS_QUAD else " without _Float128"))
    if want.shape[0] != x.shape[0] or want.shape[1] != 2:
        raise ValueError(f"want: {want.shape[0]} x {want.shape[1]} elements for {x.shape[0]} of x")
    if x.shape[0]:
        with nogil:
            loop(&x[0], x.shape[0], p, q, <exact_words *>&want[0, 0])


def compare(const float[::1] x, const float[::1] got, const double[::1] want, double root):
    """Tally the errors of float32 results against the exact ones: a dict with the fields of exact_tally.

    Parameters
    ----------
    x, got : array of float32
    want : array of float64
    root : float
        Of a derivative, near which (`fastact._roots`) small absolute errors are told apart; NaN where there is none.
    """
    cdef exact_root near = exact_root(
        root, _roots.DISTANCE * abs(root), 2.0**_roots.DERIVATIVE_EXPONENT, _roots.allowed("float32")
    )
    cdef exact_tally tally = exact_tally(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    if not x.shape[0] == got.shape[0] == want.shape[0]:
        raise ValueError(f"{got.shape[0]} results, {want.shape[0]} exact ones, for {x.shape[0]} of x")
    if x.shape[0]:
        with nogil:
            exact_compare(&x[0], &got[0], &want[0], x.shape[0], near, &tally)
    return tally
