# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# Module state is written while the module is imported, and by select_isa and set_num_threads, which are documented not
# to run beside a computation; everything else only reads it.
# cython: freethreading_compatible=True
"""NumPy ufuncs made from the table of the C core: nothing here is specific to an activation.

A call meets the parts in this order: _vectorcall.pxi is in the ufunc's vectorcall slot and has _arguments.pxi sort the
arguments; _direct.pxi runs plain calls; _iteration.pxi splits large calls over threads that need NumPy's iterator;
everything else is NumPy's, which runs what is in _loops.pxi, surrounded by what is in _surroundings.pxi.
"""
import operator
import os
import sys
import warnings
from contextvars import copy_context
from functools import partial
from inspect import signature

import numpy as np

from fastact import _names, _others, _threadpoolctl
from fastact._checks import shown
from fastact._halves import call_on_halves

from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.pycapsule cimport PyCapsule_New
from libc.limits cimport INT_MAX
from libc.math cimport isnan
from libc.stdlib cimport calloc
from libc.string cimport memcmp, memcpy, memset, strcpy, strdup

cimport numpy as cnp

from fastact._core cimport *
from fastact._environment cimport *
from fastact._numbers cimport read_number
from fastact._numpy cimport *

cnp.import_array()
cnp.import_umath()


cdef struct Operation:
    # What a call needs of its ufunc. The ufunc's data pointer points here, so the loops come first.
    const fa_loop *loops[FA_TYPE_COUNT]
    char[FA_TYPE_COUNT * FA_MAX_OPERANDS] types
    int arrays                                    # inputs that are not parameters
    int inputs                                    # arrays, then parameters
    int outputs
    PyObject *names[FA_MAX_OPERANDS]             # of the inputs, interned
    PyObject *defaults[FA_MAX_PARAMETERS]        # Python floats; NULL: the parameter has to be given
    Number[FA_TYPE_COUNT][FA_MAX_PARAMETERS] default_numbers  # the same for the direct path
    PyObject *on_halves                           # of a gated pair: what is called with one array; else NULL


cdef inline const Operation *operation_of(PyObject *ufunc) noexcept:
    return <const Operation *>(<PyUFuncObject *>ufunc).data


cdef vectorcallfunc numpy_call = NULL  # what NumPy puts into the slot, the same for all ufuncs


include "_pool.pxi"
include "_loops.pxi"
include "_surroundings.pxi"
include "_arguments.pxi"
include "_direct.pxi"
include "_iteration.pxi"
include "_vectorcall.pxi"


# --- Settings --------------------------------------------------------------------------------------------------------

def version():
    """Return the version of the C library in use."""
    return fa_version().decode()


def runnable_isas():
    """Return the names of the instruction sets that this machine can run, best first."""
    names = []
    while fa_runnable_isa(len(names)) != NULL:
        names.append(fa_runnable_isa(len(names)).decode())
    return tuple(names)


def isa():
    """Return the name of the instruction set in use."""
    return fa_isa().decode()


def select_isa(name):
    """Use the kernels of another instruction set from now on. Must not run beside a computation.

    Parameters
    ----------
    name : str
        One of `runnable_isas()`.
    """
    if name not in runnable_isas():
        raise ValueError(f"name: {name!r} is not runnable here; runnable are {', '.join(runnable_isas())}")
    fa_select_isa(name.encode())


cdef Py_ssize_t count_of(name, given, what, Py_ssize_t least, Py_ssize_t most) except -1:
    try:
        count = operator.index(given)
    except TypeError:
        raise TypeError(f"{name}: an int is needed, not {type(given).__name__}") from None
    if not least <= count <= most:
        raise ValueError(f"{name}: {shown(count)} {what}; at least {least} is needed, and at most {most}")
    return count


def get_num_threads():
    """Return the largest number of threads that one call may use."""
    return fa_get_num_threads()


def set_num_threads(n):
    """Set the largest number of threads that one call may use. Must not run beside a computation.

    Parameters
    ----------
    n : int
        At least 1. By default it is FASTACT_NUM_THREADS, else OMP_NUM_THREADS, else the number of processors that the
        process may use.

    Examples
    --------
    >>> import fastact as fa
    >>> before = fa.get_num_threads()
    >>> fa.set_num_threads(1)
    >>> fa.get_num_threads()
    1
    >>> fa.set_num_threads(before)
    """
    fa_set_num_threads(count_of("n", n, "threads", 1, INT_MAX))
    _threadpoolctl.register(fa_get_num_threads())


def get_pool_limit():
    """Return how many bytes of freed large results are kept at most."""
    return fa_get_pool_limit()


def set_pool_limit(n_bytes):
    """Set how many bytes of freed large results are kept at most, for a second, so that later ones need no new memory.

    Parameters
    ----------
    n_bytes : int
        At least 0, which switches the pool off. By default it is FASTACT_POOL_LIMIT, else 256 MiB.

    Examples
    --------
    >>> import fastact as fa
    >>> before = fa.get_pool_limit()
    >>> fa.set_pool_limit(0)
    >>> fa.get_pool_limit()
    0
    >>> fa.set_pool_limit(before)
    """
    fa_set_pool_limit(count_of("n_bytes", n_bytes, "bytes", 0, sys.maxsize))


def has_openmp():
    """Return whether this build can use more than one thread."""
    return bool(fa_has_openmp())


def has_fast_path():
    """Return whether plain calls bypass NumPy's machinery, as they do unless FASTACT_FAST_PATH is 0."""
    return bool(own_paths)


cdef int read_environment() except -1:
    """Apply the environment variables that set the ISA, the threads and the call path."""
    cdef const char *bad_variable = NULL
    global own_paths
    wanted = os.environ.get("FASTACT_ISA")
    if wanted:
        try:
            select_isa(wanted)
        except ValueError:
            raise ImportError(
                f"FASTACT_ISA={wanted!r} is not runnable here; runnable are {', '.join(runnable_isas())}") from None
    fa_default_num_threads(&bad_variable)
    if bad_variable != NULL:
        name = bad_variable.decode()
        message = f"{name}={os.environ.get(name)!r} is not a number of threads; an integer of at least 1 is"
        if name.startswith("FASTACT_"):
            raise ImportError(message)
        warnings.warn(f"{message}; it is ignored", RuntimeWarning, stacklevel=1)
    limit = os.environ.get("FASTACT_POOL_LIMIT")
    if limit:
        try:
            set_pool_limit(int(limit))
        except ValueError:
            raise ImportError(f"FASTACT_POOL_LIMIT={limit!r} is not a number of bytes; 0 or more is") from None
    for switch in ("FASTACT_FAST_PATH", "FASTACT_WAIT_FOR_THREADS"):  # the library reads the second one itself
        if os.environ.get(switch, "1") not in ("0", "1"):
            raise ImportError(f"{switch}={os.environ[switch]!r} is neither 0 nor 1")
    own_paths = os.environ.get("FASTACT_FAST_PATH", "1") == "1"
    return 0


# --- The table -------------------------------------------------------------------------------------------------------

OPERATIONS = tuple(  # of every activation
    fa_activation_rows[index].name.decode() for index in range(FA_OPERATION_COUNT)
    if <bytes>fa_activation_rows[index].who == b"ALL")
FLOAT_TYPES = ("float32", "float64", "float16")  # in the order of fa_type

cdef dict ufuncs = {}  # (activation, operation) -> ufunc
cdef dict indices = {}  # row -> its operations, with the fa_operation of each


cdef str completed(const char *text, const fa_operation_row *row, const fa_activation *activation):
    """The name or a result of an operation, with the parameter that it belongs to in place of the letter at its end."""
    cdef int letter = b"PQ".find(<bytes>row.who)
    written = text.decode()
    return written if letter < 0 else written[:len(written) - 1] + activation.parameters[letter].name.decode()


cdef dict index_operations(const fa_activation *activation):
    cdef const fa_operation_row *row
    found = {}
    for index in range(FA_OPERATION_COUNT):
        row = fa_row_of(activation, index)
        if fa_get_loop(activation, index, FA_F32) != NULL and <bytes>row.who != b"PARAMETRIC":
            found[completed(row.name, row, activation)] = index
    return found


def read_table():
    """Return the parameters and defaults of every activation, and the gate of every gated pair, as the C table says."""
    cdef const fa_activation *activation
    rows, pairs = {}, {}
    for index in range(fa_activation_count()):
        activation = fa_activation_at(index)
        indices[activation.name.decode()] = index_operations(activation)
        if activation.gate != NULL:
            pairs[activation.name.decode()] = activation.gate.decode()
            continue
        rows[activation.name.decode()] = {
            activation.parameters[p].name.decode():
                None if isnan(activation.parameters[p].value) else activation.parameters[p].value
            for p in range(activation.parameter_count)
        }
    return rows, pairs


table, gated = read_table()
_names.KINDS.update(dict.fromkeys(table, _names.ACTIVATION) | dict.fromkeys(gated, _names.PAIR))


def operations(name):
    """Return the names of a row's operations: for an activation OPERATIONS, a derivative by each parameter, and
    backward_from_output where there is one.
    """
    if name not in indices:
        raise ValueError(f"name: no activation is called {name!r}")
    return tuple(indices[name])


cdef fa_operation operation_index(name, operation) except *:
    if operation not in operations(name):
        raise ValueError(f"operation: {name} has no {operation!r}, only {', '.join(operations(name))}")
    return indices[name][operation]


def arrays_of(name, operation="forward"):
    """Return the names of an operation's inputs that are no parameters."""
    return names_in(fa_row_of(fa_find(name.encode()), operation_index(name, operation)).inputs)


def results_of(name, operation="forward"):
    """Return what an operation stores, by the names of its outputs, such as {"y": "f(x)"}."""
    cdef const fa_activation *activation = fa_find(name.encode())
    cdef const fa_operation_row *row = fa_row_of(activation, operation_index(name, operation))
    results = completed(row.results, row, activation).split(", ")
    return dict(zip(names_in(row.outputs), results, strict=True))


def number_of(name, operation="forward"):
    """Return the number that an operation has in C."""
    return operation_index(name, operation)


def get(name, operation="forward"):
    """Return the ufunc of an activation's operation."""
    operation_index(name, operation)
    return ufuncs[name, operation]


def error_bound(name, operation="forward", dtype=np.float32):
    """Return the largest error in ULP of an operation in float32 or float64, on the instruction set in use."""
    cdef fa_operation index = operation_index(name, operation)
    kind = np.dtype(dtype).name
    if kind not in FLOAT_TYPES:
        raise TypeError(f"dtype: {kind} is none of {', '.join(FLOAT_TYPES)}")
    return fa_error_bound(fa_find(name.encode()), index, FLOAT_TYPES.index(kind))


# --- The ufuncs ------------------------------------------------------------------------------------------------------

cdef Operation *make_operation(const fa_activation *activation, fa_operation index) except NULL:
    """Describe an operation. Ufuncs are never freed, nor is what they point to."""
    cdef Operation *operation = <Operation *>calloc(1, sizeof(Operation))
    cdef int operands, p, t
    if operation == NULL:
        raise MemoryError()
    for t in range(FA_TYPE_COUNT):
        operation.loops[t] = fa_get_loop(activation, index, t)
    operation.inputs = fa_loop_inputs(operation.loops[0])
    operation.outputs = fa_loop_outputs(operation.loops[0])
    operation.arrays = operation.inputs - activation.parameter_count
    operands = operation.inputs + operation.outputs
    for t in range(FA_TYPE_COUNT):
        memset(operation.types + t * operands, TYPE_NUMBERS[t], operands)
    for array, name in enumerate(names_in(fa_row_of(activation, index).inputs)):
        operation.names[array] = PyUnicode_InternFromString(name.encode())
    for p in range(activation.parameter_count):
        operation.names[operation.arrays + p] = PyUnicode_InternFromString(activation.parameters[p].name)
        if not isnan(activation.parameters[p].value):
            operation.defaults[p] = PyFloat_FromDouble(activation.parameters[p].value)
            for t in (FA_F32, FA_F64):
                read_number(operation.defaults[p], t, &operation.default_numbers[t][p])
    return operation


cdef make_ufunc(Operation *operation, name, promoter):
    """Make NumPy's ufunc; the slots for calls are filled later."""
    cdef PyObject *made = PyUFunc_FromFuncAndDataAndSignature(
        INNER_LOOPS, <void **>operation.loops, operation.types, FA_TYPE_COUNT, operation.inputs, operation.outputs,
        PyUFunc_None, strdup(name.encode()), NULL, 0, NULL)
    if made == NULL:
        raise MemoryError()
    ufunc = <object>made
    Py_DECREF(made)
    PyUFunc_AddPromoter(ufunc, (np.dtype,) * (operation.inputs + operation.outputs), promoter)
    return ufunc


cdef int make_ufuncs() except -1:
    """Make every ufunc and fill the slot for its calls, if that works here."""
    cdef const fa_activation *activation
    cdef Operation *made
    global numpy_call
    promoter = PyCapsule_New(<void *>&promote, "numpy._ufunc_promoter", NULL)
    for name in (*table, *gated):
        activation = fa_find(name.encode())
        for operation in operations(name):
            full_name = name if operation == "forward" else f"{name}.{operation}"
            made = make_operation(activation, operation_index(name, operation))
            ufunc = ufuncs[name, operation] = make_ufunc(made, full_name, promoter)
            if name in gated:
                on_halves = partial(call_on_halves, ufunc, from_pool)
                Py_INCREF(<PyObject *>on_halves)
                made.on_halves = <PyObject *>on_halves
    simplest = next(ufunc for ufunc in ufuncs.values() if ufunc.nin == 1)
    numpy_call = (<PyUFuncObject *><PyObject *>simplest).vectorcall
    if not slot_works(simplest):
        warnings.warn("this NumPy does not call the slot that fastact fills: calls are slower, and every parameter "
                      "has to be given by position, and both arrays of a gated pair", RuntimeWarning, stacklevel=1)
        return 0
    for ufunc in ufuncs.values():
        (<PyUFuncObject *><PyObject *>ufunc).vectorcall = call_ufunc
        for name in methods_of(ufunc):
            setattr(ufunc, name, SurroundedMethod(ufunc, name))
    return 0


read_environment()
find_error_state()
make_ufuncs()
