# What the entry points of views share, whichever activation, operation and type they are for.

# By operation: the names of its memory, which is arrays, then outputs.
cdef list NAMES = [
    (*names_in(fa_activation_rows[operation].inputs), "out", "out_grad") for operation in range(FA_OPERATION_COUNT)]


cdef inline tuple names_of(fa_operation operation):
    return NAMES[operation]


cdef inline const fa_loop *find(int activation, fa_operation operation, fa_type type) noexcept nogil:
    return fa_get_loop(fa_activation_at(activation), operation, type)


cdef inline int count_parameters(int activation) noexcept nogil:
    return fa_activation_at(activation).parameter_count


cdef void run(const fa_loop *loop, int parameters, Py_ssize_t item, char *const *memory, const Number *numbers,
              Py_ssize_t n, int num_threads) noexcept nogil:
    """Compute n contiguous elements. memory: arrays, then outputs."""
    cdef char *operands[FA_MAX_OPERANDS]
    cdef Py_ssize_t[FA_MAX_OPERANDS] strides
    cdef int inputs = fa_loop_inputs(loop)
    cdef int arrays = inputs - parameters
    cdef int k
    for k in range(arrays):
        operands[k] = memory[k]
        strides[k] = item
    for k in range(parameters):
        operands[arrays + k] = <char *>&numbers[k]
        strides[arrays + k] = 0
    for k in range(fa_loop_outputs(loop)):
        operands[inputs + k] = memory[arrays + k]
        strides[inputs + k] = item
    fa_run_threads(loop, operands, strides, n, num_threads)


# --- Called from Python ----------------------------------------------------------------------------------------------

cdef int read_num_threads(given) except -1:
    cdef int overflow = 0
    cdef long count
    try:
        number = PyNumber_Index(given)
    except TypeError:
        raise TypeError(f"num_threads: an int is needed, not {type(given).__name__}") from None
    count = PyLong_AsLongAndOverflow(number, &overflow)
    if overflow or not 1 <= count <= INT_MAX:
        raise ValueError(f"num_threads: {_checks.shown(number)} threads; from 1 to {INT_MAX} is possible")
    return count


cdef int read_parameter(given, const char *name, fa_type kind, Number *number) except -1:
    cdef fa_environment environment
    cdef double value
    try:
        environment = fa_enter()  # a number of NumPy's is converted
        try:
            value = PyFloat_AsDouble(given)
        finally:
            fa_leave(environment)
        number.f64 = value
        if kind == FA_F64:
            return 0
        number.f32 = fa_nearest_float(value)
        if isfinite(number.f32) or not isfinite(value):
            return 0
    except OverflowError:
        pass
    except TypeError:
        raise TypeError(f"{name.decode()}: a real number is needed, not {type(given).__name__}") from None
    number_text = _checks.shown(given) if isinstance(given, int) else given
    raise OverflowError(f"{name.decode()}: {number_text} is too large for {'float64' if kind == FA_F64 else 'float32'}")


cdef compute(int activation, fa_operation operation, first, second, third, p, q, num_threads):
    """Compute from Python objects: memory in the order of names_of, then parameters; what there is not is None."""
    cdef const fa_loop *loop = find(activation, operation, FA_F32)
    cdef int parameters = count_parameters(activation)
    cdef int arrays = fa_loop_inputs(loop) - parameters
    cdef int count = arrays + fa_loop_outputs(loop)
    cdef int threads = read_num_threads(num_threads)
    cdef tuple names = names_of(operation)
    cdef Py_buffer[MAX_MEMORY] buffers
    cdef char *memory[MAX_MEMORY]
    cdef Number[FA_MAX_PARAMETERS] numbers
    cdef Py_ssize_t item, n
    cdef fa_type kind
    cdef int borrowed = 0
    cdef int k
    try:
        borrow(first, &buffers[0], names[0], False)
        borrowed = 1
        borrow(second, &buffers[1], names[1], arrays == 1)
        borrowed = 2
        if count > 2:
            borrow(third, &buffers[2], names[2], True)
            borrowed = 3
        kind = check(buffers, arrays, count, names)
        if parameters > 0:
            read_parameter(p, fa_activation_at(activation).parameters[0].name, kind, &numbers[0])
        if parameters > 1:
            read_parameter(q, fa_activation_at(activation).parameters[1].name, kind, &numbers[1])
        loop = find(activation, operation, kind)
        for k in range(count):
            memory[k] = <char *>buffers[k].buf
        item = buffers[0].itemsize
        n = buffers[0].len // item
        if n < MANY:
            run(loop, parameters, item, memory, numbers, n, 1)
        else:
            with nogil:
                run(loop, parameters, item, memory, numbers, n, threads)
    finally:
        for k in range(borrowed):
            PyBuffer_Release(&buffers[k])
    if arrays == 2:
        return third
    return second if count == 2 else (second, third)


# --- Called from Cython ----------------------------------------------------------------------------------------------

cdef int refuse_length(Py_ssize_t length, str name, Py_ssize_t first_length, str first_name) except -1:
    raise ValueError(f"{name}: {length} elements for {first_length} of {first_name}")


cdef int run_views(int activation, fa_operation operation, fa_type kind, char *const *memory,
                   const Py_ssize_t *lengths, const Number *numbers) except -1 nogil:
    """Compute over memoryviews; see the names of their arguments in views.pxd."""
    cdef const fa_loop *loop = find(activation, operation, kind)
    cdef int parameters = count_parameters(activation)
    cdef int arrays = fa_loop_inputs(loop) - parameters
    cdef Py_ssize_t item = sizeof(float) if kind == FA_F32 else sizeof(double)
    cdef int k, other
    for k in range(1, arrays + fa_loop_outputs(loop)):
        if lengths[k] != lengths[0]:
            with gil:
                refuse_length(lengths[k], names_of(operation)[k], lengths[0], names_of(operation)[0])
        other = -1 if k < arrays else partner_in_overlap(memory, arrays, k, lengths[0] * item)
        if other >= 0:
            with gil:
                refuse_overlap(names_of(operation)[k], names_of(operation)[other])
    run(loop, parameters, item, memory, numbers, lengths[0], fa_get_num_threads())
    return 0


cdef double run_scalar(int activation, fa_operation operation, int count, double *values) noexcept nogil:
    """Compute one number: values are x, then parameters, of which those that are not there have their defaults."""
    cdef const fa_activation *described = fa_activation_at(activation)
    cdef Number[FA_MAX_PARAMETERS] numbers
    cdef char *memory[2]
    cdef double result
    cdef int k
    for k in range(described.parameter_count):
        numbers[k].f64 = values[1 + k] if 1 + k < count else described.parameters[k].value
        if count < 1 or isnan(numbers[k].f64):
            return NAN
    memory[0] = <char *>values
    memory[1] = <char *>&result
    run(find(activation, operation, FA_F64), described.parameter_count, sizeof(double), memory, numbers, 1, 1)
    return result
