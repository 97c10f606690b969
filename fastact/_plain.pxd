"""Plain arrays, which the C core takes as they are: in C order, aligned and in the machine's byte order."""

cimport numpy as cnp


cdef inline bint share_memory(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Whether plain arrays do."""
    cdef char *first = cnp.PyArray_BYTES(a)
    cdef char *second = cnp.PyArray_BYTES(b)
    return first < second + cnp.PyArray_NBYTES(b) and second < first + cnp.PyArray_NBYTES(a)


cdef inline bint can_hold(cnp.ndarray out, arrays, vectors) except -1:
    """Whether results can go straight to `out`, which has the shape of the plain arrays: it is like them, and is one of
    them or apart. Vectors, which are read more than once, have to be apart.
    """
    cdef cnp.ndarray array
    if not cnp.PyArray_ISCARRAY(out) or cnp.PyArray_TYPE(out) != cnp.PyArray_TYPE(arrays[0]):
        return False
    for array in arrays:
        if cnp.PyArray_DATA(array) != cnp.PyArray_DATA(out) and share_memory(array, out):
            return False
    for array in vectors:
        if share_memory(array, out):
            return False
    return True
