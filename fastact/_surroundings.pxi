# What surrounds NumPy's own work in a call, such as a cast: the floating-point environment of the kernels, and NumPy's
# error state as in numpy.errstate(all="ignore"). Both are the caller's again afterwards, and so are the flags.

cdef PyObject *ERROR_STATE = NULL  # the context variable that numpy.errstate sets; NULL: it was not found
cdef PyObject *IGNORING = NULL     # its value where all is ignored


cdef struct Environment:
    fa_environment control
    fexcept_t flags
    int raised


cdef struct Surroundings:
    Environment environment
    PyObject *token  # NULL: the error state was left as it is


cdef Environment enter_environment() noexcept:
    """fa_enter for code that clears flags, too, wherever there are some: x86-64 has two sets, and fa_leave sets one."""
    cdef Environment saved
    saved.raised = fetestexcept(FE_ALL_EXCEPT)
    fegetexceptflag(&saved.flags, FE_ALL_EXCEPT)
    saved.control = fa_enter()
    return saved


cdef void leave_environment(Environment saved) noexcept:
    fa_leave(saved.control)
    if fetestexcept(FE_ALL_EXCEPT) != saved.raised:
        fesetexceptflag(&saved.flags, FE_ALL_EXCEPT)


cdef bint enter(Surroundings *surroundings) noexcept:
    """Change the surroundings until `leave`. False with an exception: there was no memory, and nothing is changed."""
    surroundings.token = NULL
    if ERROR_STATE != NULL:
        surroundings.token = PyContextVar_Set(ERROR_STATE, IGNORING)
        if surroundings.token == NULL:
            return False
    surroundings.environment = enter_environment()
    return True


cdef void leave(Surroundings *surroundings) noexcept:
    """Undo `enter`; an exception that is set stays."""
    cdef PyObject *kind
    cdef PyObject *value
    cdef PyObject *traceback
    leave_environment(surroundings.environment)
    if surroundings.token == NULL:
        return
    PyErr_Fetch(&kind, &value, &traceback)
    if PyContextVar_Reset(ERROR_STATE, surroundings.token) < 0:
        PyErr_Clear()
    Py_DECREF(surroundings.token)
    PyErr_Restore(kind, value, traceback)


cdef class own_surroundings:
    """`enter` and `leave` as a context manager."""
    cdef Surroundings surroundings

    def __enter__(self):
        if not enter(&self.surroundings):
            raise MemoryError()

    def __exit__(self, *exception):
        leave(&self.surroundings)


cdef int find_error_state() except -1:
    """Find NumPy's context variable, which has no public name, by what numpy.errstate changes."""
    global ERROR_STATE, IGNORING
    before = copy_context()
    with np.errstate(all="ignore"):
        changed = [(variable, value) for variable, value in copy_context().items()
                   if variable not in before or before[variable] is not value]
    if len(changed) != 1:
        warnings.warn("this NumPy keeps its error state where fastact does not find it: casts may warn",
                      RuntimeWarning, stacklevel=1)
        return 0
    (variable, value), = changed
    Py_INCREF(<PyObject *>variable)
    Py_INCREF(<PyObject *>value)
    ERROR_STATE, IGNORING = <PyObject *>variable, <PyObject *>value
    return 0


# --- NumPy's calls and methods ---------------------------------------------------------------------------------------

cdef PyObject *ARRAY_UFUNC = PyUnicode_InternFromString("__array_ufunc__")
cdef PyObject *NO_OVERRIDE = _PyType_Lookup(&PyArray_Type, ARRAY_UFUNC)


cdef bint is_overridden(PyObject *const *operands, Py_ssize_t count) noexcept:
    """Whether NumPy leaves a call to a method of an operand, or of an array in a tuple of outputs.

    That is the code of others: what surrounds it is the caller's.
    """
    cdef PyTypeObject *kind
    cdef PyObject *method
    cdef Py_ssize_t k
    for k in range(count):
        kind = Py_TYPE(operands[k])
        if kind == &PyArray_Type or kind == &PyFloat_Type or kind == &PyLong_Type:
            continue
        if kind == &PyTuple_Type:
            if is_overridden(PySequence_Fast_ITEMS(operands[k]), PyTuple_GET_SIZE(operands[k])):
                return True
            continue
        method = _PyType_Lookup(kind, ARRAY_UFUNC)
        if method != NULL and method != NO_OVERRIDE:
            return True
    return False


cdef bint are_float64(PyObject *const *inputs, Py_ssize_t count) noexcept:
    """Whether all inputs are numbers that NumPy computes with in float64."""
    cdef PyTypeObject *kind
    cdef Py_ssize_t k
    for k in range(count):
        kind = Py_TYPE(inputs[k])
        if kind != &PyFloat_Type and kind != &PyLong_Type and kind != &PyDoubleArrType_Type:
            return False
    return True


cdef PyObject *call_surrounded(PyObject *ufunc, PyObject *const *args, Py_ssize_t count, PyObject *keywords) noexcept:
    """NumPy's call, with a result that does not depend on the caller's environment, and without a warning."""
    cdef Environment environment
    cdef Surroundings surroundings
    cdef PyObject *result
    cdef Py_ssize_t operands = count if keywords == NULL else count + PyTuple_GET_SIZE(keywords)
    if keywords == NULL and are_float64(args, count):  # NumPy finds nothing to report: the error state may stay
        environment = enter_environment()
        result = numpy_call(ufunc, args, count, NULL)
        leave_environment(environment)
        return result
    if is_overridden(args, operands):
        return numpy_call(ufunc, args, count, keywords)
    if not enter(&surroundings):
        return NULL
    result = numpy_call(ufunc, args, count, keywords)
    leave(&surroundings)
    return result


cdef class SurroundedMethod:
    # A method of a ufunc, such as `at`, in the place of NumPy's, whose docstring it has.
    cdef object method

    def __init__(self, ufunc, name):
        self.method = getattr(ufunc, name)

    def __call__(self, *args, **options):
        operands = (*args, *options.values())
        if is_overridden(PySequence_Fast_ITEMS(<PyObject *>operands), len(operands)):
            return self.method(*args, **options)
        with own_surroundings():
            return self.method(*args, **options)

    @property
    def __doc__(self):
        return self.method.__doc__

    @property
    def __signature__(self):
        return signature(self.method)

    def __getattr__(self, name):
        return getattr(self.method, name)

    def __repr__(self):
        return repr(self.method)

    def __reduce__(self):
        return getattr, (self.method.__self__, self.method.__name__)


cdef tuple methods_of(ufunc):
    """The names of the methods that NumPy has for such a ufunc: the others raise an exception."""
    if ufunc.nin == 2:
        return ("at", "outer", "reduce", "accumulate", "reduceat") if ufunc.nout == 1 else ("outer",)
    return ("at",) if ufunc.nin == 1 == ufunc.nout else ()
