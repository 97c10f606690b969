"""Operands of fastact.views, in the tests of it."""

import numpy as np
import pytest
from calls import (
    make_array,
    parameters_of,
)
from conftest import CASES, TYPES

from fastact import _ufuncs, views
from fastact._ufuncs import arrays_of, table

every_case = pytest.mark.parametrize("case", CASES)
every_type = pytest.mark.parametrize("dtype", TYPES)


def name_of(case):
    name, operation = case
    return name if operation == "forward" else f"{name}_{operation}"


def memory_names(case):
    """What the arguments before the parameters are called."""
    return [*arrays_of(*case), *["out", "out_grad"][: _ufuncs.get(*case).nout]]


def view(case):
    return getattr(views, name_of(case))


def operands(case, shape, dtype=np.float32):
    """The arrays that an operation reads, and those it writes to, which hold numbers that no function returns."""
    ufunc = _ufuncs.get(*case)
    inputs = [make_array(shape, dtype, seed) for seed in range(ufunc.nin - len(table[case[0]]))]
    return inputs, [np.full(shape, 12345, dtype) for _ in range(ufunc.nout)]


def required(case):
    """The parameters that have to be given."""
    parameters = parameters_of(_ufuncs.get(*case))
    return {p: value for p, value in parameters.items() if table[case[0]][p] is None}


class Exporter:
    """Exports an array by one protocol."""

    def __init__(self, values):
        self.values = np.array(values)


class DLPackExporter(Exporter):
    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def contents(owner):
    return np.array(owner.values if isinstance(owner, Exporter) else owner)


def f32(*shape):
    return np.full(shape, 12345, np.float32)
