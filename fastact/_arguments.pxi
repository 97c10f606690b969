# The arguments of a call, sorted: arrays, parameters, outputs.

cdef PyObject *OUT = PyUnicode_InternFromString("out")


cdef struct Call:
    # Borrowed; NULL: not given.
    PyObject *inputs[FA_MAX_OPERANDS]
    PyObject *outputs[FA_MAX_OPERANDS]
    bint plain  # nothing but inputs, parameters and outputs


cdef inline bint is_name(PyObject *given, PyObject *name) noexcept:
    return given == name or PyUnicode_Compare(given, name) == 0


cdef inline int parameter_index(const Operation *operation, PyObject *name) noexcept:
    """Which parameter has this name; -1: none has."""
    cdef int p
    for p in range(operation.inputs - operation.arrays):
        if is_name(name, operation.names[operation.arrays + p]):
            return p
    return -1


cdef inline void read_out(const Operation *operation, PyObject *out, Call *call) noexcept:
    cdef int k
    if Py_TYPE(out) != &PyTuple_Type:
        call.outputs[0] = NULL if out == Py_None else out
        call.plain &= operation.outputs == 1
    elif PyTuple_GET_SIZE(out) == operation.outputs:
        for k in range(operation.outputs):
            if PyTuple_GET_ITEM(out, k) != Py_None:
                call.outputs[k] = PyTuple_GET_ITEM(out, k)
    else:
        call.plain = False


cdef inline int read_arguments(PyObject *ufunc, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
                               Call *call) noexcept:
    """Sort the arguments. -1 with an exception: a parameter is given twice."""
    cdef const Operation *operation = operation_of(ufunc)
    cdef Py_ssize_t k
    cdef int p
    cdef PyObject *name
    memset(call, 0, sizeof(Call))
    call.plain = count <= operation.inputs + operation.outputs
    for k in range(min(count, operation.inputs)):
        call.inputs[k] = args[k]
    if call.plain:
        for k in range(operation.inputs, count):
            if args[k] != Py_None:
                call.outputs[k - operation.inputs] = args[k]
    if keywords == NULL:
        return 0
    for k in range(PyTuple_GET_SIZE(keywords)):
        name = PyTuple_GET_ITEM(keywords, k)
        p = parameter_index(operation, name)
        if p >= 0:
            if call.inputs[operation.arrays + p] != NULL:
                PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'",
                             (<PyUFuncObject *>ufunc).name, name)
                return -1
            call.inputs[operation.arrays + p] = args[count + k]
        elif is_name(name, OUT) and count <= operation.inputs:
            read_out(operation, args[count + k], call)
        else:
            call.plain = False
    return 0


cdef inline bint is_array(PyObject *given) noexcept nogil:
    return given != NULL and Py_TYPE(given) == &PyArray_Type


cdef inline bint is_writable(PyObject *array) noexcept:
    """Whether an array may be written to, with NumPy's exception or warning."""
    return PyArray_FailUnlessWriteable(<PyArrayObject *>array, "output array") == 0


cdef inline int float_type_of(PyArrayObject *array) noexcept nogil:
    """The fa_type of an array in native byte order; -1: it has none."""
    cdef PyArray_Descr *descr = PyArray_DESCR(array)
    if not PyArray_ISNBO(descr.byteorder):
        return -1
    if descr.type_num == NPY_FLOAT:
        return FA_F32
    if descr.type_num == NPY_DOUBLE:
        return FA_F64
    return FA_F16 if descr.type_num == NPY_HALF else -1


cdef inline PyObject *pack(PyObject **outputs, int count) noexcept:
    """What a ufunc returns; takes over the references to its outputs."""
    cdef PyObject *result
    cdef int k
    if count == 1:
        return outputs[0]
    result = PyTuple_New(count)
    for k in range(count):
        if result == NULL:
            Py_DECREF(outputs[k])
        else:
            PyTuple_SET_ITEM(result, k, outputs[k])
    return result
