"""What one call costs on small arrays, next to np.negative: run with --benchmark-columns=min,median."""

import numpy as np
import pytest

from fastact import _ufuncs

SIZES = (1, 16, 256)
UFUNCS = {"np.negative": np.negative} | {
    name: _ufuncs.get(name) for name, parameters in _ufuncs.table.items() if None not in parameters.values()
}


@pytest.mark.benchmark(max_time=0.1, min_rounds=5, warmup=False)
@pytest.mark.parametrize("name", UFUNCS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("out", ["new", "given"])
def test_call(benchmark, name, size, out):
    """One float32 call with the defaults of its parameters, output new or given."""
    x = np.linspace(-8, 8, size, dtype=np.float32)
    benchmark.group = f"{size} elements, output {out}"
    benchmark(UFUNCS[name], x, **({"out": np.empty_like(x)} if out == "given" else {}))
