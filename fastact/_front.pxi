# The front: what sits in the vectorcall slot of every ufunc. Plain calls run on the direct path or, if large, by ranged
# iteration. All others get their parameters completed, so that NumPy sees positional ones only, and go on to NumPy; a
# gated pair given one array is called on its halves.

cdef vectorcallfunc numpy_call = NULL  # what NumPy puts into the slot, the same for all ufuncs
cdef bint own_paths = True             # FASTACT_FAST_PATH

# Of the inputs before the parameters, from the last.
cdef const char *ARRAY_NAMES[2]
cdef const char *GATED_NAMES[3]
ARRAY_NAMES[:] = ["x", "dy"]
GATED_NAMES[:] = ["up", "gate", "dy"]


cdef const char *input_name(const Operation *operation, int k) noexcept:
    if k >= operation.arrays:
        return PyUnicode_AsUTF8(operation.names[k - operation.arrays])
    if operation.on_halves != NULL:
        return GATED_NAMES[operation.arrays - 1 - k]
    return ARRAY_NAMES[operation.arrays - 1 - k]


cdef inline bint is_on_halves(const Operation *operation, PyObject *const *args, Py_ssize_t count) noexcept:
    """Whether a gated pair is given one array to halve: the last input is left out, or None."""
    cdef int last = operation.inputs - 1
    if operation.on_halves == NULL:
        return False
    return count == last or (count == operation.inputs and args[last] == Py_None)


cdef bint is_in_range(const Operation *operation, const Call *call, int k) noexcept:
    """Whether a parameter that is an int fits into a float; False with an exception that names it."""
    cdef double value = PyLong_AsDouble(call.inputs[k])
    if value != -1 or PyErr_Occurred() == NULL:
        return True
    PyErr_Clear()
    PyErr_Format(PyExc_OverflowError, "%s: the int is too large for float64",
                 input_name(operation, k))
    return False


cdef PyObject *call_numpy(PyObject *ufunc, PyObject *const *args, Py_ssize_t count, PyObject *keywords, Call *call) \
        noexcept:
    """NumPy's call, with every parameter in its position."""
    cdef const Operation *operation = operation_of(ufunc)
    cdef Py_ssize_t keyword_count = 0 if keywords == NULL else PyTuple_GET_SIZE(keywords)
    cdef Py_ssize_t kept = 0
    cdef Py_ssize_t k
    cdef PyObject **completed
    cdef PyObject *names = NULL
    cdef PyObject *name
    cdef PyObject *result = NULL
    if is_on_halves(operation, args, count):
        return PyObject_Vectorcall(operation.on_halves, args, count, keywords)
    for k in range(operation.arrays, operation.inputs):
        if call.inputs[k] != NULL and Py_TYPE(call.inputs[k]) == &PyLong_Type and not is_in_range(operation, call, k):
            return NULL
    if count >= operation.inputs:
        return numpy_call(ufunc, args, count, keywords)
    for k in range(operation.inputs):
        if call.inputs[k] == NULL and k >= operation.arrays:
            call.inputs[k] = operation.defaults[k - operation.arrays]
        if call.inputs[k] == NULL:
            return PyErr_Format(PyExc_TypeError, "%s() missing required argument '%s'",
                                (<PyUFuncObject *>ufunc).name, input_name(operation, k))

    completed = <PyObject **>PyMem_Malloc((operation.inputs + keyword_count) * sizeof(PyObject *))
    if completed == NULL:
        return PyErr_NoMemory()
    memcpy(completed, call.inputs, operation.inputs * sizeof(PyObject *))
    for k in range(keyword_count):
        if parameter_index(operation, PyTuple_GET_ITEM(keywords, k)) < 0:
            completed[operation.inputs + kept] = args[count + k]
            kept += 1
    if kept:
        names = PyTuple_New(kept)
        kept = 0
        for k in range(keyword_count if names != NULL else 0):
            name = PyTuple_GET_ITEM(keywords, k)
            if parameter_index(operation, name) < 0:
                Py_INCREF(name)
                PyTuple_SET_ITEM(names, kept, name)
                kept += 1
    if kept == 0 or names != NULL:
        result = numpy_call(ufunc, completed, operation.inputs, names)
    Py_XDECREF(names)
    PyMem_Free(completed)
    return result


cdef PyObject *front(PyObject *ufunc, PyObject *const *args, size_t flagged_count, PyObject *keywords) noexcept:
    cdef Py_ssize_t count = PyVectorcall_NARGS(flagged_count)
    cdef PyObject *result
    cdef Call call
    if read_arguments(ufunc, args, count, keywords, &call) < 0:
        return NULL
    if call.plain and own_paths:
        result = run_directly(operation_of(ufunc), &call)
        if result != NULL:
            return result
        if PyErr_Occurred() == NULL:
            result = run_ranged(operation_of(ufunc), &call)
        if result != NULL or PyErr_Occurred() != NULL:
            return result
    return call_numpy(ufunc, args, count, keywords, &call)


# --- The slot --------------------------------------------------------------------------------------------------------

cdef bint reached = False


cdef PyObject *probe(PyObject *ufunc, PyObject *const *args, size_t flagged_count, PyObject *keywords) noexcept:
    """The front, leaving word that it was called."""
    global reached
    reached = True
    return front(ufunc, args, flagged_count, keywords)


cdef bint slot_works(ufunc) except -1:
    """Whether a function put into the vectorcall slot is called, and the front gives what NumPy's path gives."""
    cdef PyUFuncObject *info = <PyUFuncObject *><PyObject *>ufunc
    cdef PyTypeObject *kind = Py_TYPE(<PyObject *>ufunc)
    global reached
    if kind.tp_vectorcall_offset != <Py_ssize_t>(<char *>&info.vectorcall - <char *>info):
        return False
    x = np.array([-1, 0.5, 3], np.float32)
    expected = ufunc(x)
    info.vectorcall = probe
    reached = False
    try:
        return np.array_equal(ufunc(x), expected) and reached
    finally:
        info.vectorcall = numpy_call
