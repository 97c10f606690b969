"""Every operation of every activation on one thread, in the cases that `python -m fastact bench` races.

pytest bench --benchmark-only --benchmark-autosave
pytest bench --benchmark-only --benchmark-compare -k "silu and 262144" --benchmark-columns=min,median,rounds
"""

import numpy as np
import pytest

import fastact as fa
from fastact import _ufuncs
from fastact._cli._bench import DTYPES, OUTPUTS, SIZES
from fastact._cli._functions import REQUIRED_VALUE
from fastact._cli._operands import normal
from fastact._cli._peers import BenchCase

CASES = [
    (name, operation)
    for name in _ufuncs.table
    for operation in (*_ufuncs.OPERATIONS, "backward_from_output")
    if operation in _ufuncs.operations(name)
]


@pytest.fixture(autouse=True)
def one_thread():
    threads = fa.get_num_threads()
    fa.set_num_threads(1)
    yield
    fa.set_num_threads(threads)


@pytest.mark.benchmark(max_time=0.1, min_rounds=5, warmup=False)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES[::2])
@pytest.mark.parametrize(("name", "operation"), CASES, ids=map(".".join, CASES))
def test_operation(benchmark, name, operation, size, dtype, output):
    """One call with the defaults of the parameters."""
    case = BenchCase(name, operation, dtype, "contiguous", output, (size,))
    ufunc = _ufuncs.get(name, operation)
    arrays = [normal(case, seed) for seed in range(ufunc.nin - len(case.parameters))]
    required = [REQUIRED_VALUE for default in _ufuncs.table[name].values() if default is None]
    options = {"out": tuple(np.empty_like(arrays[0]) for _ in range(ufunc.nout))} if case.given else {}
    benchmark.group = f"{operation} {dtype} {size}, output {output}"
    benchmark.extra_info["elements"] = size
    benchmark(ufunc, *arrays, *required, **options)
