"""`python -m fastact`: the machine, then the accuracy and the speed of every function on it."""

import argparse
import timeit
from collections.abc import Callable

import numpy as np

import fastact

from . import _ufuncs
from ._ulp import ulp_error

ELEMENTS = 1 << 18  # timed: 1 MiB in and 1 MiB out, in cache
ROUNDS = 3
ROUND_SECONDS = 2e-3
OPERATIONS = {"forward": "function", "grad": "derivative"}
REQUIRED_VALUE = 0.5  # for a parameter that has no default
NOTES = f"""\
max ULP   largest error in float32 on a sample of every exponent, dense in [-120, 120], against fastact.reference
bound     largest error promised for any input on this ISA
ns        nanoseconds per element of {ELEMENTS:,} float32 elements in cache, output given
x NumPy   how many times faster than fastact.reference, NumPy in float64 that keeps the tails; a shorter NumPy
          expression in float32 would be faster and lose them"""


def run(arguments: argparse.Namespace) -> None:
    fastact.show_runtime()
    points, timed = sample(), np.linspace(-8, 8, ELEMENTS, dtype=np.float32)
    print(f"\n{'':12}" + "".join(f"{title:>32}{'':10}" for title in OPERATIONS.values()).rstrip())
    print(f"{'':12}" + f"{'max ULP':>12}{'bound':>10}{'ns':>10}{'x NumPy':>10}" * len(OPERATIONS))
    for name in _ufuncs.table:
        cells = (measured(name, operation, points, timed) for operation in OPERATIONS)
        print(f"{name:12}" + "".join(cells), flush=True)
    print(f"\n{NOTES}")


def measured(name: str, operation: str, points: np.ndarray, timed: np.ndarray) -> str:
    function = _ufuncs.get(name, operation)
    parameters = {p: REQUIRED_VALUE for p, default in _ufuncs.table[name].items() if default is None}
    error = ulp_error(function(points, **parameters), function.reference(points, **parameters)).max()
    out = np.empty_like(timed)
    ours = nanoseconds(lambda: function(timed, out=out, **parameters))
    numpys = nanoseconds(lambda: function.reference(timed, **parameters))
    bound = _ufuncs.error_bound(name, operation, np.float32)
    return f"{error:12.3g}{bound:10.3g}{ours:10.3f}{numpys / ours:10.0f}"


def sample() -> np.ndarray:
    """float32 numbers of both signs and every exponent, infinities, and dense ones where activations bend."""
    exponents = np.arange(0xFF, dtype=np.uint32)[:, np.newaxis] << 23
    fractions = np.random.default_rng(0).integers(0, 1 << 23, (exponents.size, 256), dtype=np.uint32)
    magnitudes = np.append(exponents | fractions, np.uint32(0x7F800000)).view(np.float32)
    return np.concatenate([magnitudes, -magnitudes, np.linspace(-120, 120, 1 << 17, dtype=np.float32)])


def nanoseconds(call: Callable[[], object]) -> float:
    """Time per element of `call` on ELEMENTS elements: the minimum over rounds."""
    timer = timeit.Timer(call)
    calls = max(1, int(ROUND_SECONDS / timer.timeit(1)))
    return min(timer.repeat(ROUNDS, calls)) / calls / ELEMENTS * 1e9
