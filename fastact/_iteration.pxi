# Ranged iteration: large calls that are strided, broadcast or need a cast are split over threads. Each thread iterates
# over a range of its own with its own copy of NumPy's iterator. NumPy itself would run them on one thread.

cdef enum:
    ITERATION_FLAGS = (NPY_ITER_BUFFERED | NPY_ITER_RANGED | NPY_ITER_EXTERNAL_LOOP | NPY_ITER_GROWINNER
                       | NPY_ITER_DELAY_BUFALLOC | NPY_ITER_COPY_IF_OVERLAP)
    INPUT_FLAGS = NPY_ITER_READONLY | NPY_ITER_ALIGNED | NPY_ITER_NBO | NPY_ITER_OVERLAP_ASSUME_ELEMENTWISE
    OUTPUT_FLAGS = (NPY_ITER_WRITEONLY | NPY_ITER_ALIGNED | NPY_ITER_NBO | NPY_ITER_OVERLAP_ASSUME_ELEMENTWISE
                    | NPY_ITER_ALLOCATE | NPY_ITER_NO_BROADCAST | NPY_ITER_NO_SUBTYPE)


cdef struct Iteration:
    const fa_loop *loop
    int operands
    int[FA_MAX_OPERANDS] places        # of the operands in the iterator; -1: a number
    Number[FA_MAX_OPERANDS] numbers
    npy_intp size
    npy_intp begin                     # of the range that the parts share now
    npy_intp end
    int threads
    int parts
    NpyIter **iterators                # one for each thread
    char *error


cdef void iterate_range(Iteration *iteration, int part, int thread) noexcept nogil:
    cdef NpyIter *iterator = iteration.iterators[thread]
    cdef npy_intp share = (iteration.end - iteration.begin) // iteration.parts
    cdef npy_intp begin = iteration.begin + share * part
    cdef npy_intp end = begin + share if part + 1 < iteration.parts else iteration.end
    cdef char *operands[FA_MAX_OPERANDS]
    cdef Py_ssize_t[FA_MAX_OPERANDS] strides
    cdef char **data
    cdef npy_intp *steps
    cdef npy_intp *count
    cdef IterNext advance
    cdef int k
    if NpyIter_ResetToIterIndexRange(iterator, begin, end, &iteration.error) != NPY_SUCCEED:
        return
    advance = NpyIter_GetIterNext(iterator, &iteration.error)
    if advance == NULL:
        return
    data = NpyIter_GetDataPtrArray(iterator)
    steps = NpyIter_GetInnerStrideArray(iterator)
    count = NpyIter_GetInnerLoopSizePtr(iterator)
    while True:
        for k in range(iteration.operands):
            if iteration.places[k] < 0:
                operands[k] = <char *>&iteration.numbers[k]
                strides[k] = 0
            else:
                operands[k] = data[iteration.places[k]]
                strides[k] = steps[iteration.places[k]]
        fa_run(iteration.loop, operands, strides, count[0])
        if not advance(iterator):
            return


cdef void iterate_part(void *context, int part, int thread) noexcept nogil:
    cdef fa_environment environment = fa_enter()  # for NumPy's casts, in whichever thread this is
    iterate_range(<Iteration *>context, part, thread)
    fa_leave(environment)


cdef npy_intp broadcast_size(PyArrayObject **arrays, int count) noexcept nogil:
    """Number of elements that the arrays broadcast to; 0: they do not."""
    cdef npy_intp size = 1
    cdef npy_intp length, own
    cdef int axis, k
    cdef int most = 0
    for k in range(count):
        most = max(most, PyArray_NDIM(arrays[k]))
    for axis in range(1, most + 1):  # from the last
        length = 1
        for k in range(count):
            if PyArray_NDIM(arrays[k]) < axis:
                continue
            own = PyArray_DIMS(arrays[k])[PyArray_NDIM(arrays[k]) - axis]
            if own != 1 and length != 1 and own != length:
                return 0
            if own != 1:
                length = own
        size *= length
    return size


cdef inline bint is_simple_number(PyArrayObject *array) noexcept nogil:
    """Whether bool, an integer, or a float of NumPy: their casts need neither Python nor its lock."""
    cdef int number = PyArray_DESCR(array).type_num
    return 0 <= number <= NPY_DOUBLE or number == NPY_HALF  # those of other packages may have -1


cdef int common_float_type(PyArrayObject **arrays, int count) noexcept:
    """The fa_type that a ufunc computes in, given these arrays; -1: none."""
    cdef PyArray_Descr *common = PyArray_ResultType(count, arrays, 0, NULL)
    cdef int number
    if common == NULL:
        PyErr_Clear()
        return -1
    number = common.type_num
    Py_DECREF(<PyObject *>common)
    return FA_F32 if number == NPY_FLOAT else FA_F16 if number == NPY_HALF else FA_F64


cdef int find_arrays(const Operation *operation, const Call *call, Iteration *iteration, PyArrayObject **arrays) \
        noexcept:
    """List the arrays among the inputs; how many there are, 0: the call is not for this path."""
    cdef int count = 0
    cdef int k
    for k in range(operation.inputs):
        iteration.places[k] = -1
        if is_array(call.inputs[k]) and is_simple_number(<PyArrayObject *>call.inputs[k]):
            iteration.places[k] = count
            arrays[count] = <PyArrayObject *>call.inputs[k]
            count += 1
        elif k < operation.arrays:
            return 0
    return count


cdef bint read_numbers(const Operation *operation, const Call *call, Iteration *iteration, fa_type type) noexcept:
    """Read the parameters that are no arrays. False: one is no Python number that the type can hold."""
    cdef PyObject *given
    cdef int k
    for k in range(operation.arrays, operation.inputs):
        given = call.inputs[k] if call.inputs[k] != NULL else operation.defaults[k - operation.arrays]
        if iteration.places[k] < 0 and (given == NULL or not read_number(given, type, &iteration.numbers[k])):
            return False
    return True


cdef bint overlaps_itself(PyArrayObject *array) noexcept nogil:
    """Whether an array has more elements than fit into the memory it spans."""
    cdef Py_ssize_t item = PyArray_ITEMSIZE(array)
    cdef npy_intp span = item
    cdef npy_intp size = item
    cdef npy_intp stride
    cdef int axis
    for axis in range(PyArray_NDIM(array)):
        stride = PyArray_STRIDES(array)[axis]
        span += (PyArray_DIMS(array)[axis] - 1) * max(stride, -stride)
        size *= PyArray_DIMS(array)[axis]
    return size > span


cdef bint find_outputs(const Operation *operation, const Call *call, Iteration *iteration, PyArrayObject **arrays,
                       int count) noexcept:
    """List the outputs after the inputs. False: one is not for this path."""
    cdef PyObject *given
    cdef int k
    for k in range(operation.outputs):
        given = call.outputs[k]
        if given != NULL:
            if not is_array(given) or not is_simple_number(<PyArrayObject *>given):
                return False
            if overlaps_itself(<PyArrayObject *>given) or not is_writable(given):
                return False
        iteration.places[operation.inputs + k] = count + k
        arrays[count + k] = <PyArrayObject *>given
    return True


cdef int make_iterators(Iteration *iteration, PyArrayObject **arrays, int inputs, int outputs, fa_type type) noexcept:
    """One iterator for each thread; how many there are. Fewer than wanted: the call fails, or is not for this path."""
    cdef PyArray_Descr *descr = PyArray_DescrFromType(TYPE_NUMBERS[type])
    cdef PyArray_Descr *descrs[FA_MAX_OPERANDS]
    cdef npy_uint32[FA_MAX_OPERANDS] flags
    cdef Surroundings surroundings
    cdef PyObject *before
    cdef int k
    cdef int made = 0
    for k in range(inputs + outputs):
        descrs[k] = descr
        flags[k] = INPUT_FLAGS if k < inputs else OUTPUT_FLAGS
    before = use_pool(iteration.size * ITEM_SIZES[type])
    if enter(&surroundings):  # an operand that overlaps an output is copied
        # Casts that lose something are left to NumPy, which decides whether they are allowed.
        iteration.iterators[0] = NpyIter_MultiNew(
            inputs + outputs, arrays, ITERATION_FLAGS, NPY_KEEPORDER, NPY_SAFE_CASTING, flags, descrs)
        leave(&surroundings)
    leave_pool(before)
    if iteration.iterators[0] != NULL:
        iteration.size = NpyIter_GetIterSize(iteration.iterators[0])  # an output may have more elements than the inputs
    while made < iteration.threads and iteration.iterators[made] != NULL:
        made += 1
        if made < iteration.threads:
            iteration.iterators[made] = NpyIter_Copy(iteration.iterators[0])
    Py_DECREF(<PyObject *>descr)
    return made


cdef bint iterate_interruptibly(Iteration *iteration) noexcept:
    """Iterate over all parts. False: a signal's handler raised an exception, or there was no memory."""
    iteration.end = 0
    while iteration.end < iteration.size:
        iteration.begin = iteration.end
        iteration.end = min(iteration.size, iteration.begin + UNINTERRUPTED)
        with nogil:
            fa_share(iteration.threads, iteration.parts, iterate_part, iteration)
        if iteration.error != NULL:
            PyErr_NoMemory()
            return False
        if iteration.end < iteration.size and PyErr_CheckSignals() < 0:
            return False
    return True


cdef PyObject *iterate_in_parts(const Operation *operation, const Call *call, Iteration *iteration,
                                PyArrayObject **arrays, int count, fa_type type) noexcept:
    cdef PyObject *outputs[FA_MAX_OPERANDS]
    cdef Surroundings surroundings
    cdef bint failed = False
    cdef bint entered
    cdef int made = make_iterators(iteration, arrays, count, operation.outputs, type)
    cdef int k
    if made == 0:
        PyErr_Clear()  # NumPy's own path raises what is to be raised
        return NULL
    if made < iteration.threads:
        PyErr_NoMemory()
        failed = True
    else:
        failed = not iterate_interruptibly(iteration)
    for k in range(operation.outputs):
        outputs[k] = call.outputs[k]
        if outputs[k] == NULL:
            outputs[k] = <PyObject *>NpyIter_GetOperandArray(iteration.iterators[0])[count + k]
        Py_INCREF(outputs[k])
    # Deallocation writes copies of overlapping outputs back, so it comes after all parts are done.
    entered = enter(&surroundings)
    failed |= not entered
    for k in range(made):
        failed |= NpyIter_Deallocate(iteration.iterators[k]) != NPY_SUCCEED
    if entered:
        leave(&surroundings)
    if failed:
        for k in range(operation.outputs):
            Py_DECREF(outputs[k])
        return NULL
    return pack(outputs, operation.outputs)


cdef PyObject *run_ranged(const Operation *operation, const Call *call) noexcept:
    """The result; NULL without an exception: the call is not for this path."""
    cdef PyArrayObject *arrays[FA_MAX_OPERANDS]
    cdef PyObject *result
    cdef Iteration iteration
    cdef int type
    cdef int count = find_arrays(operation, call, &iteration, arrays)
    if count == 0:
        return NULL
    iteration.size = broadcast_size(arrays, count)
    if iteration.size < MANY or not find_outputs(operation, call, &iteration, arrays, count):
        return NULL
    type = common_float_type(arrays, count)
    if type < 0:
        return NULL
    iteration.loop = operation.loops[type]
    iteration.threads = fa_threads_now(iteration.loop, iteration.size)
    iteration.parts = fa_part_count(iteration.threads, iteration.size // MANY)
    if iteration.threads < 2 or not read_numbers(operation, call, &iteration, type):
        return NULL
    iteration.operands = operation.inputs + operation.outputs
    iteration.error = NULL
    iteration.iterators = <NpyIter **>PyMem_Calloc(iteration.threads, sizeof(NpyIter *))
    if iteration.iterators == NULL:
        return PyErr_NoMemory()
    result = iterate_in_parts(operation, call, &iteration, arrays, count, type)
    PyMem_Free(iteration.iterators)
    return result
