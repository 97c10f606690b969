# The direct path: exact, aligned, native float arrays of one type and shape, contiguous in one order or of one
# dimension; parameters as Python numbers. No NumPy machinery but for the allocation of the result.

cdef inline bint alike(PyArrayObject *a, PyArrayObject *b, int type) noexcept nogil:
    """Whether b is of the given type and of a's shape."""
    cdef int nd = PyArray_NDIM(a)
    return (PyArray_NDIM(b) == nd and float_type_of(b) == type
            and memcmp(PyArray_DIMS(a), PyArray_DIMS(b), nd * sizeof(npy_intp)) == 0)


cdef inline Py_ssize_t step_of(PyArrayObject *array, Py_ssize_t item) noexcept nogil:
    """Bytes from one element to the next."""
    if PyArray_FLAGS(array) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS):
        return item
    return PyArray_STRIDES(array)[0]


cdef enum:
    UNINTERRUPTED = 1 << 25  # elements between two looks for signals: a fifth of a second of the slowest function


cdef bint run_interruptibly(const fa_loop *loop, char **operands, const Py_ssize_t *strides, int count, npy_intp n) \
        noexcept:
    """Compute without Python's lock. False with an exception: a signal's handler raised it, and a part is done."""
    cdef npy_intp now
    cdef int k
    while True:
        now = min(n, UNINTERRUPTED)
        with nogil:
            fa_run_parallel(loop, operands, strides, now)
        n -= now
        if n == 0:
            return True
        if PyErr_CheckSignals() < 0:
            return False
        for k in range(count):
            operands[k] += now * strides[k]


cdef inline PyObject *run_directly(const Operation *operation, const Call *call) noexcept:
    """The result; NULL without an exception: the call is not for this path."""
    cdef PyArrayObject *x = <PyArrayObject *>call.inputs[0]
    cdef Number[FA_MAX_PARAMETERS] numbers
    cdef char *operands[FA_MAX_OPERANDS]
    cdef Py_ssize_t[FA_MAX_OPERANDS] strides
    cdef PyObject *outputs[FA_MAX_OPERANDS]
    cdef PyObject *given
    cdef int arrays = operation.arrays
    cdef int inputs = operation.inputs
    cdef int k, p, nd, layout, type
    cdef Py_ssize_t item
    cdef bint contiguous = True
    cdef npy_intp n = 1
    cdef npy_intp *dims

    if not is_array(call.inputs[0]) or PyArray_NDIM(x) == 0:
        return NULL
    type = float_type_of(x)
    if type < 0:
        return NULL
    item = ITEM_SIZES[type]
    layout = PyArray_FLAGS(x)
    for k in range(1, arrays):
        if not is_array(call.inputs[k]) or not alike(x, <PyArrayObject *>call.inputs[k], type):
            return NULL
        layout &= PyArray_FLAGS(<PyArrayObject *>call.inputs[k])
    for k in range(operation.outputs):
        given = call.outputs[k]
        if given == NULL:
            continue
        if not is_array(given) or not alike(x, <PyArrayObject *>given, type) or not is_writable(given):
            return NULL
        layout &= PyArray_FLAGS(<PyArrayObject *>given)
    nd = PyArray_NDIM(x)
    if not layout & NPY_ARRAY_ALIGNED:
        return NULL
    if nd > 1 and not layout & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS):
        return NULL

    for p in range(inputs - arrays):
        given = call.inputs[arrays + p]
        operands[arrays + p] = <char *>&numbers[p]
        if given == NULL and operation.defaults[p] != NULL and type != FA_F16:
            operands[arrays + p] = <char *>&operation.default_numbers[type][p]
        elif given == NULL or not read_number(given, type, &numbers[p]):
            return NULL
        strides[arrays + p] = 0
    dims = PyArray_DIMS(x)
    for k in range(nd):
        n *= dims[k]
    for k in range(arrays):
        operands[k] = PyArray_BYTES(<PyArrayObject *>call.inputs[k])
        strides[k] = step_of(<PyArrayObject *>call.inputs[k], item)
    for k in range(operation.outputs):
        given = call.outputs[k]
        strides[inputs + k] = item
        if given == NULL:
            continue
        operands[inputs + k] = PyArray_BYTES(<PyArrayObject *>given)
        strides[inputs + k] = step_of(<PyArrayObject *>given, item)
        if strides[inputs + k] == 0 or not keeps_off(operands, strides, arrays, inputs + k, n, item):
            return NULL
        if k == 1 and call.outputs[0] != NULL and not disjoint(operands, strides, inputs, inputs + 1, n, item):
            return NULL

    for k in range(operation.outputs):
        if call.outputs[k] != NULL:
            outputs[k] = call.outputs[k]
            Py_INCREF(outputs[k])
            continue
        outputs[k] = new_array(
            nd, dims, TYPE_NUMBERS[type], nd > 1 and not layout & NPY_ARRAY_C_CONTIGUOUS, n * item)
        if outputs[k] == NULL:
            while k > 0:
                k -= 1
                Py_DECREF(outputs[k])
            return NULL
        operands[inputs + k] = PyArray_BYTES(<PyArrayObject *>outputs[k])

    for k in range(arrays):
        contiguous &= strides[k] == item
    for k in range(inputs, inputs + operation.outputs):
        contiguous &= strides[k] == item
    if n < MANY and contiguous:
        fa_run_contiguous(operation.loops[type], operands, n)
    elif n < MANY:
        fa_run(operation.loops[type], operands, strides, n)
    elif not run_interruptibly(operation.loops[type], operands, strides, inputs + operation.outputs, n):
        for k in range(operation.outputs):
            Py_DECREF(outputs[k])
        return NULL
    return pack(outputs, operation.outputs)
