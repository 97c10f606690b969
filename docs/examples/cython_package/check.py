"""Compares the module with what it is made of."""

import gates
import numpy as np

import fastact as fa

rng = np.random.default_rng(0)
a, b = rng.normal(size=(2, 100, 300)).astype(np.float32)
for num_threads in (1, 2):
    out = np.empty_like(a)
    gates.swiglu(a, b, out, num_threads)
    np.testing.assert_array_equal(out, fa.silu(a) * b)

x = rng.normal(size=1000)
y = np.empty_like(x)
gates.swish(x, 1.5, y)
np.testing.assert_array_equal(y, fa.swish(x, 1.5))
gates.swish(y, 1.5, y)
np.testing.assert_array_equal(y, fa.swish(fa.swish(x, 1.5), 1.5))
try:
    gates.swish(x, 1.5, y[1:])
except ValueError as error:
    print(f"refused: {error}")
print("gates: right")
