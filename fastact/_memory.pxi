# Memory that Python objects export: acquired, and checked before anything is written.

cdef enum:
    MAX_MEMORY = 3  # operands that are no parameters
    C_ORDER = 1
    F_ORDER = 2

cdef tuple FLOAT_NUMBERS = (np.dtype(np.float32).num, np.dtype(np.float64).num)
cdef bytes NATIVE_ORDERS = b"@=" + (b"<" if sys.byteorder == "little" else b">!")


cdef int refuse_pending(owner) except -1:
    """Refuse a tensor of PyTorch whose numbers are to be negated or conjugated: DLPack hands on the memory alone."""
    for pending, resolve in (("is_neg", "resolve_neg"), ("is_conj", "resolve_conj")):
        if hasattr(owner, pending) and getattr(owner, pending)() is True:
            raise BufferError(f"it does not hold the numbers yet; write .{resolve}()")
    return 0


cdef object array_over(owner, str name, bint writable):
    """An array over the memory of an object without the buffer protocol; where it is only read, a copy will do."""
    try:
        if hasattr(owner, "__dlpack__"):
            refuse_pending(owner)
            return np.from_dlpack(owner)
        if hasattr(owner, "__array__"):
            return owner.__array__(copy=False) if writable else np.asarray(owner)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(f"{name}: {type(owner).__name__} does not lend its memory: {error}") from error
    raise TypeError(f"{name}: {type(owner).__name__} has neither the buffer protocol nor DLPack nor __array__")


cdef int borrow(owner, Py_buffer *buffer, str name, bint writable) except -1:
    if not PyObject_CheckBuffer(owner):
        owner = array_over(owner, name, writable)
    try:
        return PyObject_GetBuffer(owner, buffer, PyBUF_RECORDS if writable else PyBUF_RECORDS_RO)
    except (BufferError, TypeError, ValueError) as error:
        if isinstance(owner, np.ndarray) and owner.dtype.num not in FLOAT_NUMBERS:  # some have no format for a buffer
            raise TypeError(f"{name}: float32 or float64 is needed, not {owner.dtype}") from None
        raise ValueError(f"{name}: its memory cannot be {'written to' if writable else 'read'}: {error}") from error


cdef inline fa_type float_type(Py_buffer *buffer) noexcept:
    """FA_F32 or FA_F64; FA_TYPE_COUNT: neither."""
    cdef const char *format = buffer.format
    if format == NULL:  # bytes
        return FA_TYPE_COUNT
    if format[0] and strchr(NATIVE_ORDERS, format[0]):
        format += 1
    if format[0] == b"f" and not format[1]:
        return FA_F32
    return FA_F64 if format[0] == b"d" and not format[1] else FA_TYPE_COUNT


cdef inline int orders(Py_buffer *buffer) noexcept:
    return (C_ORDER * PyBuffer_IsContiguous(buffer, b"C")) | (F_ORDER * PyBuffer_IsContiguous(buffer, b"F"))


cdef inline bint same_shape(Py_buffer *a, Py_buffer *b) noexcept:
    cdef int d
    if a.ndim != b.ndim:
        return False
    for d in range(a.ndim):
        if a.shape[d] != b.shape[d]:
            return False
    return True


cdef inline int partner_in_overlap(char *const *memory, int arrays, int output, Py_ssize_t size) noexcept nogil:
    """Which operand before an output shares memory with it, other than an input that it replaces; -1: none."""
    cdef int k
    for k in range(output):
        if k < arrays and memory[k] == memory[output]:
            continue
        if memory[k] < memory[output] + size and memory[output] < memory[k] + size:
            return k
    return -1


cdef tuple shape_of(Py_buffer *buffer):
    return tuple([buffer.shape[d] for d in range(buffer.ndim)])


cdef str format_of(Py_buffer *buffer):
    return repr("B" if buffer.format == NULL else buffer.format.decode())


cdef int refuse_overlap(str name, str other) except -1:
    raise ValueError(f"{name}: it shares memory with {other}; only an input as a whole may be replaced")


cdef int check(Py_buffer *buffers, int arrays, int count, tuple names) except -1:
    """Return the type of all operands; raise an exception where they do not fit each other."""
    cdef Py_buffer *first = &buffers[0]
    cdef Py_buffer *buffer
    cdef char *memory[MAX_MEMORY]
    cdef fa_type type = float_type(first)
    cdef Py_ssize_t item = sizeof(float) if type == FA_F32 else sizeof(double)
    cdef int common = C_ORDER | F_ORDER
    cdef int k, other
    for k in range(count):
        buffer = &buffers[k]
        memory[k] = <char *>buffer.buf
        if type == FA_TYPE_COUNT or first.itemsize != item:
            raise TypeError(f"{names[k]}: elements of format {format_of(buffer)}; float32, 'f', or float64, 'd', in "
                            "native byte order is needed")
        if float_type(buffer) != type or buffer.itemsize != item:
            raise TypeError(f"{names[k]}: elements of format {format_of(buffer)}, not {format_of(first)} as in "
                            f"{names[0]}")
        if not same_shape(buffer, first):
            raise ValueError(f"{names[k]}: the shape is {shape_of(buffer)}, not {shape_of(first)} as in {names[0]}")
        if not orders(buffer):
            raise ValueError(f"{names[k]}: it is not contiguous")
        common &= orders(buffer)
        if not common:
            raise ValueError(f"{names[k]}: its elements are in another order, C or Fortran, than those of {names[0]}")
        if buffer.len and <size_t>buffer.buf % item:
            raise ValueError(f"{names[k]}: its address is not a multiple of {item} bytes")
        if k >= arrays:
            other = partner_in_overlap(memory, arrays, k, buffer.len)
            if other >= 0:
                refuse_overlap(names[k], names[other])
    return type
