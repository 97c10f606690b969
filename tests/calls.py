"""What the tests of calls share: every ufunc of the table, operands for it, and comparison to the last bit."""

import functools
import os
import subprocess
import sys

import numpy as np

from fastact import __main__ as command_line
from fastact import _ufuncs
from fastact._docs import REQUIRED_VALUE


def activation_of(ufunc):
    """Return the name of the activation that a ufunc belongs to, or that the gate of its pair goes through."""
    name = ufunc.__name__.partition(".")[0]
    return _ufuncs.gated.get(name, name)


ROWS = (*_ufuncs.table, *_ufuncs.gated)
UFUNCS = [_ufuncs.get(name, operation) for name in ROWS for operation in _ufuncs.operations(name)]
PARAMETRIC = [ufunc for ufunc in UFUNCS if _ufuncs.table[activation_of(ufunc)]]
ONE_OUTPUT = [ufunc for ufunc in UFUNCS if ufunc.nout == 1]
FULL = False  # pytest --full: no function stands for others


def name_of(ufunc):
    return ufunc.__name__


def path_of(ufunc):
    """Return what decides which code prepares a call, apart from kernels: operation, arrays, parameters, outputs."""
    name, _, operation = ufunc.__name__.partition(".")
    defaults = _ufuncs.table[activation_of(ufunc)]
    by_parameter = operation.removeprefix("grad_")
    kind = list(defaults).index(by_parameter) if by_parameter in defaults else operation
    return name in _ufuncs.gated, kind, ufunc.nin, len(defaults), None in defaults.values(), ufunc.nout


def one_per_path(items, ufunc_of=lambda item: item):
    """Return the last item of each path, for tests of what does not differ between functions; all with --full."""
    return list(items) if FULL else list({path_of(ufunc_of(item)): item for item in items}.values())


def case_per_path(cases):
    """Return the same of pairs of an activation and an operation."""
    return one_per_path(cases, lambda case: _ufuncs.get(*case))


def parameters_of(ufunc):
    """Return the names of a ufunc's parameters, with their defaults or a usual value."""
    defaults = _ufuncs.table[activation_of(ufunc)]
    return {name: REQUIRED_VALUE if default is None else default for name, default in defaults.items()}


def arrays_for(ufunc, shape, dtype=np.float32):
    """Return one array, around zero and past every kink, for each operand that is no parameter."""
    count = ufunc.nin - len(parameters_of(ufunc))
    return [make_array(shape, dtype, seed) for seed in range(count)]


def make_array(shape, dtype=np.float32, seed=0):
    values = normal_numbers(shape, seed)
    return values > 0 if dtype is bool else values.astype(dtype)


@functools.lru_cache(maxsize=64)
def normal_numbers(shape, seed):
    return np.random.default_rng(seed).normal(scale=3, size=shape)


def call(ufunc, *arrays, **options):
    """Call with the parameters by keyword."""
    return ufunc(*arrays, **parameters_of(ufunc), **options)


def outputs(result):
    """Return the outputs of a call as a tuple, be they one or two."""
    return result if isinstance(result, tuple) else (result,)


def assert_same(result, expected):
    """Demand the same types, shapes and bits; any NaN equals any other."""
    assert len(outputs(result)) == len(outputs(expected))
    for got, want in zip(outputs(result), outputs(expected), strict=True):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        bits = np.dtype(f"u{want.dtype.itemsize}")
        got, want = (np.where(np.isnan(a), np.nan, a).astype(a.dtype) for a in (np.asarray(got), np.asarray(want)))
        np.testing.assert_array_equal(got.view(bits), want.view(bits))


def elementwise(ufunc, *operands, **options):
    """Compute on contiguous vectors, and give the result the shape that the operands broadcast to."""
    operands = np.broadcast_arrays(*operands)
    result = call(ufunc, *(np.array(operand).ravel() for operand in operands), **options)
    return tuple(output.reshape(operands[0].shape) for output in outputs(result))


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def unaligned(array):
    """Copy an array to an odd address."""
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    copy = memory.view(array.dtype).reshape(array.shape)
    copy[...] = array
    assert not copy.flags.aligned
    return copy


def swapped(array):
    return array.astype(array.dtype.newbyteorder())


LAYOUTS = {
    "contiguous": lambda shape, make: make(shape),
    "fortran": lambda shape, make: np.asfortranarray(make(shape)),
    "transposed": lambda shape, make: make(shape[::-1]).T,
    "every second column": lambda shape, make: make((*shape[:-1], 2 * shape[-1]))[..., ::2],
    "every third row": lambda shape, make: make((3 * shape[0], *shape[1:]))[::3],
    "left half": lambda shape, make: make((*shape[:-1], 2 * shape[-1]))[..., : shape[-1]],
    "backwards": lambda shape, make: np.flip(make(shape)),
    "one row": lambda shape, make: np.broadcast_to(make(shape[-1:]), shape),
    "one column": lambda shape, make: np.broadcast_to(make((*shape[:-1], 1)), shape),
    "unaligned": lambda shape, make: unaligned(make(shape)),
    "byte-swapped": lambda shape, make: swapped(make(shape)),
    "read-only": lambda shape, make: read_only(make(shape)),
}


def laid_out(ufunc, layout, shape, dtype=np.float32):
    """Return what `arrays_for` does, with the elements placed in memory as LAYOUTS says."""
    seeds = range(len(arrays_for(ufunc, 0)))
    return [LAYOUTS[layout](shape, lambda shape, seed=seed: make_array(shape, dtype, seed)) for seed in seeds]


def run_python(program, *options, **variables):
    """Run a program in a process of its own, where only the given variables tell fastact what to do."""
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FASTACT_") and name != "OMP_NUM_THREADS"
    }
    return subprocess.run(
        [sys.executable, "-P", *options, "-c", program],  # -P: the fastact that is installed, wherever pytest runs
        env=others | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def exit_status(*arguments):
    """Run the command line in this process; return how it ends."""
    try:
        command_line.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return stop.code
    return 0
