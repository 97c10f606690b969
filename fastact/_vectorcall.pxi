# What sits in the vectorcall slot of every ufunc. Plain calls run on the direct path or, if large, by ranged
# iteration. All others get their parameters completed, so that NumPy sees positional ones only, and go on to NumPy; a
# gated pair given one array is called on its halves.

cdef object check_keywords = _names.check_keywords
cdef object refuse_outputs = _others.refuse_outputs
cdef bint own_paths = True  # FASTACT_FAST_PATH


cdef const char *input_name(const Operation *operation, int k) noexcept:
    return PyUnicode_AsUTF8(operation.names[k])


cdef inline bint is_on_halves(const Operation *operation, PyObject *const *args, Py_ssize_t count) noexcept:
    """Whether a gated pair is given one array to halve: the last input is left out, or None."""
    cdef int last = operation.inputs - 1
    if operation.on_halves == NULL:
        return False
    return count == last or (count == operation.inputs and args[last] == Py_None)


cdef bint has_integer_for_up(const Operation *operation, PyObject *const *args, Py_ssize_t count) noexcept:
    """Whether a gated pair is given an integer that is no array in the place of up. Elsewhere that is the axis."""
    cdef PyObject *up
    if operation.on_halves == NULL or count < operation.inputs:
        return False
    up = args[operation.inputs - 1]
    return PyArray_IsIntegerScalar(up) or Py_TYPE(up) == &PyBoolArrType_Type


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
    if has_integer_for_up(operation, args, count):
        return PyErr_Format(PyExc_TypeError, "up: an array or a float is needed, not %s; "
                            "to halve gate along an axis, write axis=", Py_TYPE(args[operation.inputs - 1]).tp_name)
    for k in range(operation.arrays, operation.inputs):
        if call.inputs[k] != NULL and Py_TYPE(call.inputs[k]) == &PyLong_Type and not is_in_range(operation, call, k):
            return NULL
    if count >= operation.inputs:
        return call_surrounded(ufunc, args, count, keywords)
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
        result = call_surrounded(ufunc, completed, operation.inputs, names)
    Py_XDECREF(names)
    PyMem_Free(completed)
    return result


cdef bint explain(PyObject *ufunc, object explanation, PyObject *given) noexcept:
    """Replace an exception by the one that a function, called with the ufunc's name and what was given, raises.

    Whether it raised one.
    """
    cdef PyObject *kind
    cdef PyObject *value
    cdef PyObject *traceback
    cdef PyObject *returned = NULL
    cdef PyObject *name
    if not PyErr_ExceptionMatches(PyExc_TypeError) and not PyErr_ExceptionMatches(PyExc_NotImplementedError):
        return False
    PyErr_Fetch(&kind, &value, &traceback)
    name = PyUnicode_FromString((<PyUFuncObject *>ufunc).name)
    if name != NULL:
        returned = PyObject_CallFunctionObjArgs(<PyObject *>explanation, name, given, NULL)
    Py_XDECREF(name)
    if returned != NULL:
        Py_DECREF(returned)
        PyErr_Restore(kind, value, traceback)
        return False
    Py_XDECREF(kind)
    Py_XDECREF(value)
    Py_XDECREF(traceback)
    return True


cdef void explain_outputs(PyObject *ufunc, PyObject *const *args, Py_ssize_t count) noexcept:
    """Replace an exception by that of _others.refuse_outputs, if it has one."""
    cdef PyObject *given = PyTuple_New(count)
    cdef Py_ssize_t k
    if given == NULL:
        return
    for k in range(count):
        Py_INCREF(args[k])
        PyTuple_SET_ITEM(given, k, args[k])
    explain(ufunc, refuse_outputs, given)
    Py_DECREF(given)


cdef PyObject *call_ufunc(PyObject *ufunc, PyObject *const *args, size_t flagged_count, PyObject *keywords) noexcept:
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
    result = call_numpy(ufunc, args, count, keywords, &call)
    if result != NULL or is_on_halves(operation_of(ufunc), args, count):
        return result
    if keywords != NULL and explain(ufunc, check_keywords, keywords):
        return NULL
    if operation_of(ufunc).outputs > 1:
        explain_outputs(ufunc, args, count)
    return NULL


# --- The slot --------------------------------------------------------------------------------------------------------

cdef bint reached = False


cdef PyObject *probe(PyObject *ufunc, PyObject *const *args, size_t flagged_count, PyObject *keywords) noexcept:
    """The function for the slot, which also records that it was called."""
    global reached
    reached = True
    return call_ufunc(ufunc, args, flagged_count, keywords)


cdef bint slot_works(ufunc) except -1:
    """Whether a function put into the vectorcall slot is called, and it gives what NumPy's path gives."""
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
