# Calls that need no preparation: arrays in C order, of one type, float32 or float64, and of one shape; parameters that
# are numbers, or plain arrays with a value for each of the same channels. What is computed here in floating point does
# not depend on the environment.

cdef enum:
    FEW_SUMS = 1 << 10  # that need no memory but the stack


cdef struct Channels:
    # The axes of an array that channels lie along, from first to before last; none: there is one channel.
    int first
    int last


cdef struct Value:
    # A parameter, or a bias: one number, or one for each channel.
    char *data
    Py_ssize_t step
    Number number


cdef object FLOAT32 = np.float32
cdef object FLOAT64 = np.float64
cdef object UFUNC = np.ufunc


cdef inline bint is_plain(given, int type_number):
    """Whether this is a plain array of a type."""
    return (cnp.PyArray_CheckExact(given) and cnp.PyArray_TYPE(<cnp.ndarray>given) == type_number
            and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>given))


cdef inline bint is_like(given, cnp.ndarray x):
    return is_plain(given, cnp.PyArray_TYPE(x)) and cnp.PyArray_SAMESHAPE(<cnp.ndarray>given, x)


cdef bint lies_along(cnp.ndarray array, cnp.ndarray x, int axis, Channels *channels):
    """Whether a plain array has a value for each channel of x. If there are no channels yet, they are its axes.

    axis: of x, for a vector; below 0: the array broadcasts against x.
    """
    cdef int before = x.ndim - array.ndim if axis < 0 else axis
    cdef int first = -1
    cdef int last = -1
    cdef int k
    if before < 0 or (axis >= 0 and array.ndim != 1):
        return False
    for k in range(array.ndim):
        if cnp.PyArray_DIM(array, k) == 1:
            continue
        if cnp.PyArray_DIM(array, k) != cnp.PyArray_DIM(x, before + k) or (first >= 0 and last != before + k):
            return False
        last = before + k + 1
        if first < 0:
            first = before + k
    if channels.last == 0:
        channels.first, channels.last = first, last
    return channels.first == first and channels.last == last


cdef bint read_value(given, cnp.ndarray x, fa_type kind, int axis, Channels *channels, Value *value):
    """Read a parameter. False: it has to be prepared."""
    value.data = <char *>&value.number
    value.step = 0
    if read_number(<PyObject *>given, kind, &value.number):
        return True
    if type(given) is (FLOAT64 if kind == FA_F64 else FLOAT32):
        cnp.PyArray_ScalarAsCtype(given, &value.number)
        return True
    if not is_plain(given, cnp.PyArray_TYPE(x)) or (<cnp.ndarray>given).ndim > (x.ndim if axis < 0 else 1):
        return False
    value.data = cnp.PyArray_BYTES(given)
    if cnp.PyArray_SIZE(<cnp.ndarray>given) == 1:
        return True
    value.step = cnp.PyArray_ITEMSIZE(<cnp.ndarray>given)
    return lies_along(given, x, axis, channels)


cdef void set_sizes(cnp.ndarray x, Channels channels, fa_channels *sizes):
    cdef int k
    sizes.outer = sizes.channels = sizes.inner = 1
    for k in range(x.ndim):
        if k < channels.first:
            sizes.outer *= cnp.PyArray_DIM(x, k)
        elif k < channels.last:
            sizes.channels *= cnp.PyArray_DIM(x, k)
        else:
            sizes.inner *= cnp.PyArray_DIM(x, k)


cdef gradient_like(given, const double *sums, Py_ssize_t count, cnp.ndarray x):
    """Sums in the type of x and in the shape of what they belong to."""
    cdef cnp.ndarray gradient
    cdef Number number
    if not cnp.PyArray_CheckExact(given) or (<cnp.ndarray>given).ndim == 0:
        if cnp.PyArray_TYPE(x) == cnp.NPY_DOUBLE:
            number.f64 = sums[0]
        else:
            number.f32 = fa_nearest_float(sums[0])
        return PyArray_Scalar(&number, cnp.PyArray_DESCR(x), None)
    gradient = cnp.PyArray_EMPTY((<cnp.ndarray>given).ndim, cnp.PyArray_DIMS(given), cnp.PyArray_TYPE(x), 0)
    if cnp.PyArray_TYPE(x) == cnp.NPY_DOUBLE:
        memcpy(cnp.PyArray_DATA(gradient), sums, count * sizeof(double))
    else:
        fa_nearest_floats(sums, <float *>cnp.PyArray_DATA(gradient), count)
    return gradient


cdef class Activation:
    """An activation whose parameters and bias may be different for each channel."""
    cdef const fa_loop *loops[FA_OPERATION_COUNT][2]
    cdef tuple names
    cdef tuple defaults  # None: there is none

    def __init__(self, name, parameters):
        cdef int operation, type
        for operation in (FA_FORWARD, FA_BACKWARD, FA_BACKWARD_PARAMETERS):
            for type in (FA_F32, FA_F64):
                self.loops[operation][type] = fa_get_loop(fa_find(name.encode()), operation, type)
        self.names = tuple(parameters)
        self.defaults = tuple(parameters.values())

    cdef compute(self, fa_operation operation, dy, given_x, bias, PyObject **parameters, int axis, out):
        """Compute y, or a tuple of dx and the gradients that go with it.

        dy, out: None if there is none. parameters: borrowed; for FORWARD and BACKWARD with a bias, axis is that of the
        bias, otherwise that of vectors among the parameters, or below 0, as in lies_along.

        None: something has to be prepared, and nothing was done.
        """
        cdef cnp.ndarray x
        cdef fa_type type
        cdef fa_channels sizes
        cdef Channels channels = Channels(0, 0)
        cdef Value[FA_MAX_PARAMETERS] values
        cdef char *operands[FA_MAX_OPERANDS]
        cdef Py_ssize_t[FA_MAX_PARAMETERS] strides
        cdef double *totals[MAX_OUTPUTS]
        cdef double[FEW_SUMS] few
        cdef double *sums = few
        cdef const void *shift = NULL
        cdef int count = <int>PyTuple_GET_SIZE(self.names)
        cdef int varying = 0
        cdef int arrays = 0
        cdef int learnt = 0
        cdef int k
        if not cnp.PyArray_CheckExact(given_x) or (dy is None) != (operation == FA_FORWARD):
            return None
        x = <cnp.ndarray>given_x
        if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
            type = FA_F32
        elif cnp.PyArray_TYPE(x) == cnp.NPY_DOUBLE:
            type = FA_F64
        else:
            return None
        if x.ndim == 0 or not cnp.PyArray_ISCARRAY_RO(x) or cnp.PyArray_SIZE(x) == 0:
            return None
        if dy is not None:
            if not is_like(dy, x):
                return None
            operands[0] = cnp.PyArray_BYTES(dy)
            arrays = 1
        operands[arrays] = cnp.PyArray_BYTES(x)
        arrays += 1
        if out is not None and not is_like(out, x):
            return None

        if bias is not None:
            if not is_plain(bias, cnp.PyArray_TYPE(x)) or (<cnp.ndarray>bias).ndim != 1:
                return None
            if cnp.PyArray_DIM(bias, 0) != cnp.PyArray_DIM(x, axis):
                return None
            if out is not None and share_memory(bias, out):
                return None
            channels = Channels(axis, axis + 1)
            shift = cnp.PyArray_DATA(bias)
            axis = -1
        for k in range(count):
            parameter = <object>parameters[k]
            if not read_value(parameter, x, type, axis, &channels, &values[k]):
                return None
            if out is not None and cnp.PyArray_Check(parameter) and share_memory(parameter, out):
                return None
            varying += values[k].step != 0
            operands[arrays + k] = values[k].data
            strides[k] = values[k].step
        if operation == FA_BACKWARD_PARAMETERS:
            learnt = count
            if varying != 0 and varying != count:
                return None
        elif operation == FA_BACKWARD:
            learnt = 1
        set_sizes(x, channels, &sizes)

        if out is None:
            if cnp.PyArray_NBYTES(x) < FA_POOLED:
                out = cnp.PyArray_EMPTY(x.ndim, cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x), 0)
            else:
                out = from_pool(cnp.PyArray_NBYTES(x), np.empty_like, x)
        elif not can_hold(out, (x,) if dy is None else (dy, x), ()):
            return None
        operands[arrays + count] = cnp.PyArray_BYTES(out)
        if learnt * sizes.channels > FEW_SUMS:
            sums = <double *>PyMem_Malloc(learnt * sizes.channels * sizeof(double))
            if sums == NULL:
                raise MemoryError()
        memset(totals, 0, sizeof(totals))
        for k in range(learnt):
            totals[k + (operation == FA_BACKWARD_PARAMETERS)] = sums + k * sizes.channels
            operands[arrays + count + 1 + k] = NULL
        try:
            run_core(self.loops[operation][type], &sizes, operands, strides, shift, totals)
            if learnt == 0:
                return out
            if operation == FA_BACKWARD:
                return out, gradient_like(bias, sums, sizes.channels, x)
            first = gradient_like(<object>parameters[0], sums, sizes.channels, x)
            if learnt == 1:
                return out, first
            return out, first, gradient_like(<object>parameters[1], sums + sizes.channels, sizes.channels, x)
        finally:
            if sums != few:
                PyMem_Free(sums)

    cdef Py_ssize_t complete(self, dict options, PyObject **parameters):
        """Take what parameters are still NULL from options, or the defaults. How many of the options that are."""
        cdef Py_ssize_t used = 0
        cdef Py_ssize_t k
        for k in range(PyTuple_GET_SIZE(self.names)):
            if parameters[k] != NULL:
                continue
            parameters[k] = PyDict_GetItem(options, self.names[k])
            if parameters[k] != NULL:
                used += 1
            else:
                parameters[k] = PyTuple_GET_ITEM(self.defaults, k)
        return used

    def backward_params(self, dy, x, tuple values, out):
        """Compute what the public backward_params of these arguments does. None: they have to be prepared."""
        cdef PyObject *parameters[FA_MAX_PARAMETERS]
        cdef Py_ssize_t k
        for k in range(PyTuple_GET_SIZE(self.names)):
            parameters[k] = PyTuple_GET_ITEM(values, k)
        return self.compute(FA_BACKWARD_PARAMETERS, dy, x, None, parameters, -1, out)


# By their names and as ufuncs.
cdef dict activations = {name: Activation(name, parameters) for name, parameters in _ufuncs.table.items()}
activations.update({_ufuncs.get(name): activations[name] for name in _ufuncs.table})
cdef Activation leaky_relu = activations["leaky_relu"]


def activation(name):
    """Return an activation by its name."""
    return activations[name]


cdef int axis_of(cnp.ndarray x, given):
    """An axis of an array as a number from 0; -1: it is none."""
    cdef int overflow = 0
    cdef long axis
    if type(given) is not int:
        return -1
    axis = PyLong_AsLongAndOverflow(given, &overflow)
    if overflow or not -x.ndim <= axis < x.ndim:
        return -1
    return <int>(axis + x.ndim if axis < 0 else axis)


cdef bint has_one_channel(cnp.ndarray x, axis, weight):
    """Whether x has no axis for channels, and the weight is one value: a number or a vector."""
    if x.ndim != 1 or type(axis) is not int or axis != 1:
        return False
    if not cnp.PyArray_Check(weight):
        return True
    return (<cnp.ndarray>weight).ndim < 2 and cnp.PyArray_SIZE(<cnp.ndarray>weight) == 1


def prelu(fa_operation operation, dy, x, weight, axis, out):
    """Compute prelu (dy is None) or prelu.backward. None: something has to be prepared."""
    cdef PyObject *parameters[1]
    cdef int along
    if not cnp.PyArray_CheckExact(x):
        return None
    along = axis_of(x, axis)
    if along < 0 and not has_one_channel(x, axis, weight):
        return None
    parameters[0] = <PyObject *>weight
    return leaky_relu.compute(operation, dy, x, None, parameters, along, out)


def bias_act(fa_operation operation, dy, x, bias, activation, axis, out, dict options):
    """Compute bias_act (dy is None) or bias_act.backward. None: something has to be prepared."""
    cdef PyObject *parameters[FA_MAX_PARAMETERS]
    cdef PyObject *found
    cdef int along
    if bias is None or not cnp.PyArray_CheckExact(x):
        return None
    if type(activation) is not str and type(activation) is not UFUNC:
        return None
    found = PyDict_GetItem(activations, activation)
    along = axis_of(x, axis)
    if found == NULL or along < 0:
        return None
    memset(parameters, 0, sizeof(parameters))
    if (<Activation>found).complete(options, parameters) != len(options):
        return None
    return (<Activation>found).compute(operation, dy, x, bias, parameters, along, out)
