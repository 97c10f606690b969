# The direct path: exact, aligned, native float arrays of one type, shape and contiguous order, parameters as Python
# numbers. No NumPy machinery but for the allocation of the result.

cdef enum:
    # Elements from which the interpreter lock is released, as NumPy does. Below, releasing costs more than computing,
    # and there is too little to share among threads.
    MANY = 500


cdef inline bint alike(PyArrayObject *a, PyArrayObject *b, int type) noexcept nogil:
    """Whether b is of the given type and of a's shape."""
    cdef int nd = PyArray_NDIM(a)
    return (PyArray_NDIM(b) == nd and float_type_of(b) == type
            and memcmp(PyArray_DIMS(a), PyArray_DIMS(b), nd * sizeof(npy_intp)) == 0)


cdef inline bint may_write(char *const *operands, int count, char *output, npy_intp size) noexcept nogil:
    """Whether an output either is one of the operands or has nothing in common with it; all have this size."""
    cdef int k
    for k in range(count):
        if operands[k] != output and operands[k] < output + size and output < operands[k] + size:
            return False
    return True


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
    cdef npy_intp n = 1
    cdef npy_intp *dims

    if not is_array(call.inputs[0]) or PyArray_NDIM(x) == 0:
        return NULL
    type = float_type_of(x)
    if type < 0:
        return NULL
    layout = PyArray_FLAGS(x)
    for k in range(1, arrays):
        if not is_array(call.inputs[k]) or not alike(x, <PyArrayObject *>call.inputs[k], type):
            return NULL
        layout &= PyArray_FLAGS(<PyArrayObject *>call.inputs[k])
    for k in range(operation.outputs):
        given = call.outputs[k]
        if given == NULL:
            continue
        if not is_array(given) or not alike(x, <PyArrayObject *>given, type):
            return NULL
        if not PyArray_FLAGS(<PyArrayObject *>given) & NPY_ARRAY_WRITEABLE:
            return NULL
        layout &= PyArray_FLAGS(<PyArrayObject *>given)
    if not layout & NPY_ARRAY_ALIGNED or not layout & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS):
        return NULL

    for p in range(inputs - arrays):
        given = call.inputs[arrays + p]
        if given == NULL:
            given = operation.defaults[p]
        if given == NULL or not read_number(given, type, &numbers[p]):
            return NULL
        operands[arrays + p] = <char *>&numbers[p]
        strides[arrays + p] = 0
    nd = PyArray_NDIM(x)
    dims = PyArray_DIMS(x)
    for k in range(nd):
        n *= dims[k]
    for k in range(arrays):
        operands[k] = PyArray_BYTES(<PyArrayObject *>call.inputs[k])
        strides[k] = ITEM_SIZES[type]
    for k in range(operation.outputs):
        strides[inputs + k] = ITEM_SIZES[type]
        if call.outputs[k] != NULL:
            operands[inputs + k] = PyArray_BYTES(<PyArrayObject *>call.outputs[k])
            if not may_write(operands, arrays, operands[inputs + k], n * ITEM_SIZES[type]):
                return NULL
    if operation.outputs == 2 and call.outputs[0] != NULL and call.outputs[1] != NULL:
        if operands[inputs] == operands[inputs + 1]:
            return NULL
        if not may_write(operands + inputs, 1, operands[inputs + 1], n * ITEM_SIZES[type]):
            return NULL

    for k in range(operation.outputs):
        if call.outputs[k] != NULL:
            outputs[k] = call.outputs[k]
            Py_INCREF(outputs[k])
            continue
        outputs[k] = PyArray_EMPTY(nd, dims, TYPE_NUMBERS[type], not layout & NPY_ARRAY_C_CONTIGUOUS)
        if outputs[k] == NULL:
            while k > 0:
                k -= 1
                Py_DECREF(outputs[k])
            return NULL
        operands[inputs + k] = PyArray_BYTES(<PyArrayObject *>outputs[k])

    if n < MANY:
        fa_run(operation.loops[type], operands, strides, n)
    else:
        with nogil:
            fa_run_parallel(operation.loops[type], operands, strides, n)
    return pack(outputs, operation.outputs)
