# What NumPy's own machinery runs: the inner loops, and the promoter that chooses among them.

# NumPy's type numbers and the sizes in bytes, in the order of fa_type.
cdef int[FA_TYPE_COUNT] TYPE_NUMBERS = [NPY_FLOAT, NPY_DOUBLE, NPY_HALF]
cdef Py_ssize_t[FA_TYPE_COUNT] ITEM_SIZES = [4, 8, 2]

cdef enum:
    STAGED = 256  # elements copied at a time where an output runs into an input
    LARGEST_ITEM = 8


# Operands are a pointer and a stride in bytes each, with n elements of the same size.
cdef inline bint disjoint(char *const *operands, const npy_intp *strides, int a, int b, npy_intp n, Py_ssize_t item) \
        noexcept nogil:
    """Whether the memory that two operands span is disjoint."""
    cdef npy_intp a_span = (n - 1) * strides[a]
    cdef npy_intp b_span = (n - 1) * strides[b]
    return (operands[a] + max(a_span, 0) + item <= operands[b] + min(b_span, 0)
            or operands[b] + max(b_span, 0) + item <= operands[a] + min(a_span, 0))


cdef inline bint keeps_off(char *const *operands, const npy_intp *strides, int inputs, int output, npy_intp n,
                           Py_ssize_t item) noexcept nogil:
    """Whether an output either is one of the inputs or has nothing in common with it."""
    cdef int k
    for k in range(inputs):
        if operands[k] == operands[output] and strides[k] == strides[output]:
            continue
        if not disjoint(operands, strides, k, output, n, item):
            return False
    return True


cdef void run_staged(const fa_loop *loop, char *const *operands, const npy_intp *strides, npy_intp n,
                     Py_ssize_t item) noexcept nogil:
    """fa_run where an output runs into an input.

    NumPy gives a loop such operands if every input is read before an output reaches it, going up one by one. The C
    core does not go one by one, so the inputs are copied out of the way, piece by piece.
    """
    cdef char[FA_MAX_OPERANDS][STAGED * LARGEST_ITEM] buffers
    cdef char *at[FA_MAX_OPERANDS]
    cdef npy_intp[FA_MAX_OPERANDS] steps
    cdef int inputs = fa_loop_inputs(loop)
    cdef npy_intp done = 0
    cdef npy_intp now, j
    cdef int k
    while done < n:
        now = min(n - done, STAGED)
        for k in range(inputs):
            for j in range(now):
                memcpy(buffers[k] + j * item, operands[k] + (done + j) * strides[k], item)
            at[k] = buffers[k]
            steps[k] = item if strides[k] else 0
        for k in range(inputs, inputs + fa_loop_outputs(loop)):
            at[k] = operands[k] + done * strides[k]
            steps[k] = strides[k]
        fa_run(loop, at, steps, now)
        done += now


cdef inline bint feeds_itself(char *const *operands, const npy_intp *strides, int inputs, int output) noexcept nogil:
    """Whether each result is an input of the next, as in reduce, reduceat and accumulate."""
    cdef int k
    for k in range(inputs):
        if strides[k] == strides[output] and operands[output] == operands[k] + strides[k]:
            return True
    return False


cdef void run_one_by_one(const fa_loop *loop, char *const *operands, const npy_intp *strides, npy_intp n) \
        noexcept nogil:
    cdef char *at[FA_MAX_OPERANDS]
    cdef npy_intp j
    cdef int k
    for j in range(n):
        for k in range(fa_loop_inputs(loop) + fa_loop_outputs(loop)):
            at[k] = operands[k] + j * strides[k]
        fa_run(loop, at, strides, 1)


cdef inline void run_inner(char **operands, const npy_intp *dimensions, const npy_intp *strides, void *data,
                           Py_ssize_t item) noexcept nogil:
    cdef const fa_loop *loop = <const fa_loop *>data
    cdef int inputs = fa_loop_inputs(loop)
    cdef int output
    for output in range(inputs, inputs + fa_loop_outputs(loop)):
        if feeds_itself(operands, strides, inputs, output):
            run_one_by_one(loop, operands, strides, dimensions[0])
            return
        if strides[output] == 0:  # the last result stays, so one has to come after the other
            fa_run(loop, operands, strides, dimensions[0])
            return
        if not keeps_off(operands, strides, inputs, output, dimensions[0], item):
            run_staged(loop, operands, strides, dimensions[0], item)
            return
    fa_run_parallel(loop, operands, strides, dimensions[0])


cdef void inner_f32(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    run_inner(args, dimensions, steps, data, 4)


cdef void inner_f64(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    run_inner(args, dimensions, steps, data, 8)


cdef void inner_f16(char **args, const npy_intp *dimensions, const npy_intp *steps, void *data) noexcept nogil:
    run_inner(args, dimensions, steps, data, 2)


cdef PyUFuncGenericFunction[FA_TYPE_COUNT] INNER_LOOPS = [inner_f32, inner_f64, inner_f16]


# Promotion is NumPy's, with bool and integers counting as float64: the common type of all inputs decides, in which a
# Python number weighs less than an array. What dtype= or signature= ask for goes before.
cdef PyArray_DTypeMeta *float_type(PyArray_DTypeMeta *common) noexcept:
    """The type to compute in; NULL: there is none. Borrowed."""
    if common == &PyArray_FloatDType or common == &PyArray_DoubleDType or common == &PyArray_HalfDType:
        return common
    if common == &PyArray_PyLongDType or common == &PyArray_PyFloatDType or common == &PyArray_BoolDType:
        return &PyArray_DoubleDType
    return &PyArray_DoubleDType if PyTypeNum_ISINTEGER(common.type_num) else NULL


cdef type_name(dtype_class):
    """The name of a type's scalars; of a type that has none, its own."""
    return getattr(dtype_class.type, "__name__", dtype_class.__name__)


cdef int promote(PyObject *ufunc, PyArray_DTypeMeta *const *operands, PyArray_DTypeMeta *const *signature,
                 PyArray_DTypeMeta **promoted) except -1:
    cdef PyUFuncObject *info = <PyUFuncObject *>ufunc
    cdef PyArray_DTypeMeta *given[FA_MAX_OPERANDS]
    cdef PyArray_DTypeMeta *common
    cdef PyArray_DTypeMeta *chosen = NULL
    cdef int count = 0
    cdef bint requested
    cdef int k
    for k in range(info.nargs):
        if signature[k] != NULL:
            given[count] = signature[k]
            count += 1
    requested = count > 0
    if not requested:
        for k in range(info.nin):
            if operands[k] != NULL:
                given[count] = operands[k]
                count += 1
    common = PyArray_PromoteDTypeSequence(count, given)
    if common != NULL:
        chosen = float_type(common)
        if requested and chosen != common:
            chosen = NULL
        Py_DECREF(<PyObject *>common)
    else:
        PyErr_Clear()
    if chosen == NULL:
        types = ", ".join(type_name(<object>given[k]) for k in range(count))
        raise TypeError(f"{info.name.decode()}() supports float16, float32, float64, bool and integers, not {types}")
    for k in range(info.nargs):
        Py_INCREF(<PyObject *>chosen)
        promoted[k] = chosen
    return 0
