"""Parameters that are Python numbers."""

from fastact._core cimport *
from fastact._numpy cimport *


cdef inline bint read_number(PyObject *given, fa_type type, Number *number) noexcept:
    """Whether `given` is a Python number that float64 can hold, and the type is not float16; if so its nearest value,
    which may be infinite.
    """
    cdef double value
    if Py_TYPE(given) == &PyFloat_Type:
        value = PyFloat_AS_DOUBLE(given)
    elif Py_TYPE(given) == &PyLong_Type:
        value = PyLong_AsDouble(given)
        if value == -1 and PyErr_Occurred() != NULL:
            PyErr_Clear()
            return False
    else:
        return False
    if type == FA_F64:
        number.f64 = value
        return True
    number.f32 = fa_nearest_float(value)
    return type == FA_F32
