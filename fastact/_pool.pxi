# Memory for large results, from the C core's pool by way of NumPy's interface for memory handlers.

cdef void *pool_malloc(void *context, size_t size) noexcept:
    return fa_pool_allocate(size)


cdef void *pool_calloc(void *context, size_t count, size_t size) noexcept:
    cdef void *memory = NULL
    if size == 0 or count <= <size_t>-1 // size:
        memory = fa_pool_allocate(count * size)
    if memory != NULL:
        memset(memory, 0, count * size)
    return memory


cdef void *pool_realloc(void *context, void *memory, size_t size) noexcept:
    cdef void *moved = fa_pool_allocate(size)
    if moved != NULL and memory != NULL:
        memcpy(moved, memory, min(size, fa_pool_size_of(memory)))
        fa_pool_free(memory)
    return moved


cdef void pool_free(void *context, void *memory, size_t size) noexcept:
    fa_pool_free(memory)


cdef PyDataMem_Handler pool_handler
pool_handler.version = 1
pool_handler.allocator.malloc = pool_malloc
pool_handler.allocator.calloc = pool_calloc
pool_handler.allocator.realloc = pool_realloc
pool_handler.allocator.free = pool_free
strcpy(pool_handler.name, "fastact_pool")
cdef object pool_capsule = PyCapsule_New(&pool_handler, "mem_handler", NULL)


cdef PyObject *use_pool(npy_intp size) noexcept:
    """Have NumPy take memory from the pool, if `size` bytes are worth it and NumPy's default handler is in use.

    What was in use before, for `leave_pool`; NULL: nothing has changed.
    """
    cdef PyObject *handler
    if size < <npy_intp>FA_POOLED or fa_get_pool_limit() == 0:
        return NULL
    handler = PyDataMem_GetHandler()
    Py_XDECREF(handler)
    if handler != PyDataMem_DefaultHandler:
        PyErr_Clear()
        return NULL
    handler = PyDataMem_SetHandler(<PyObject *>pool_capsule)
    if handler == NULL:
        PyErr_Clear()
    return handler


cdef void leave_pool(PyObject *before) noexcept:
    if before != NULL:
        Py_XDECREF(PyDataMem_SetHandler(before))
        Py_DECREF(before)


cdef PyObject *new_array(int nd, npy_intp *dims, int type_number, bint fortran, npy_intp size) noexcept:
    """An array of `size` bytes, with whatever is in them."""
    cdef PyObject *before = use_pool(size)
    cdef PyObject *made = PyArray_EMPTY(nd, dims, type_number, fortran)
    leave_pool(before)
    return made


def from_pool(size, make, *args, **options):
    """Call what makes an array of about `size` bytes, such as numpy.empty, and have the pool give its memory."""
    cdef PyObject *before = use_pool(min(size, sys.maxsize))
    try:
        return make(*args, **options)
    finally:
        leave_pool(before)
