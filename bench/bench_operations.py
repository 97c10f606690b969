"""Every operation of every activation against its NumPy float64 reference, on one thread.

pytest bench --benchmark-only
pytest bench --benchmark-only -k "silu and 262144" --benchmark-columns=min,median,rounds
"""

import numpy as np
import pytest

import fastact as fa
from fastact import _ufuncs

SIZES = (16, 1024, 262_144)
REQUIRED_VALUE = 0.5  # for a parameter that has no default
CASES = [(name, operation) for name in _ufuncs.table for operation in _ufuncs.OPERATIONS]


@pytest.fixture(autouse=True)
def one_thread():
    threads = fa.get_num_threads()
    fa.set_num_threads(1)
    yield
    fa.set_num_threads(threads)


@pytest.mark.benchmark(max_time=0.1, min_rounds=5, warmup=False)
@pytest.mark.parametrize("implementation", ["fastact", "reference"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "operation"), CASES, ids=".".join)
def test_operation(benchmark, name, operation, size, implementation):
    """One float32 call that returns new arrays."""
    ufunc = _ufuncs.get(name, operation)
    function = ufunc if implementation == "fastact" else ufunc.reference
    x, dy = 3 * np.random.default_rng(0).standard_normal((2, size), dtype=np.float32)
    arrays = (dy, x) if operation == "backward" else (x,)
    required = (REQUIRED_VALUE for default in _ufuncs.table[name].values() if default is None)
    benchmark.group = f"{name}.{operation} {size}"
    benchmark.extra_info["elements"] = size
    benchmark(function, *arrays, *required)
