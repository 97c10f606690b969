"""`python -m fastact`: the machine, then the accuracy and the speed of every function on it."""

import argparse
import time
from collections.abc import Callable

import numpy as np

import fastact
from fastact import _roots, _runtime, _ufuncs

from ._errors import Case, near_root
from ._ulp import ulp_error

ELEMENTS = 1 << 18  # timed: 1 MiB in and 1 MiB out, in cache
DENSE = 120  # |x| up to which a sample is dense
TIMED_SECONDS = 0.02
TIMED_CALLS = 3  # at least
OPERATIONS = {"forward": "function", "grad": "derivative"}
NOTES = f"""\
max ULP   largest float32 error against fastact.reference on a sample of every exponent, dense in
          [-{DENSE}, {DENSE}]; near a root r of f', where {_roots.NEAR},
          errors up to 2^{_roots.ERROR_EXPONENTS["float32"]} do not count
bound     largest error stated for this ISA
ns        nanoseconds per element of {ELEMENTS:,} float32 elements in cache, one thread, output given
x NumPy   how many times faster than fastact.reference: NumPy in float64 that keeps the tails; a
          shorter NumPy expression in float32 would be faster and lose them"""


def run(arguments: argparse.Namespace) -> None:
    fastact.show_runtime()
    points, timed = sample(), np.linspace(-8, 8, ELEMENTS, dtype=np.float32)
    print(f"\n{'':12}" + "".join(f"{title:>32}{'':10}" for title in OPERATIONS.values()).rstrip())
    print(f"{'':12}" + f"{'max ULP':>12}{'bound':>10}{'ns':>10}{'x NumPy':>10}" * len(OPERATIONS))
    _runtime._keep_freed_memory()
    threads = fastact.get_num_threads()
    fastact.set_num_threads(1)
    try:
        for name in _ufuncs.table:
            cells = (measured(name, operation, points, timed) for operation in OPERATIONS)
            print(f"{name:12}" + "".join(cells), flush=True)
    finally:
        fastact.set_num_threads(threads)
    print(f"\n{NOTES}")


def measured(name: str, operation: str, points: np.ndarray, timed: np.ndarray) -> str:
    function, reference = _ufuncs.get(name, operation), _ufuncs.get(name, operation).reference
    case = Case(name, operation, "float32")
    parameters = case.parameters.values()
    error = largest_error(points, function(points, *parameters), reference(points, *parameters), case.root)
    out = np.empty_like(timed)
    ours = nanoseconds(lambda: function(timed, *parameters, out=out))
    numpys = nanoseconds(lambda: reference(timed, *parameters))
    bound = case.bound
    return f"{error:12.3g}{bound:10.3g}{ours:10.3f}{numpys / ours:10.1f}"


def largest_error(x: np.ndarray, got: np.ndarray, want: np.ndarray, root: float) -> float:
    """Largest error in ULP, where it counts."""
    with np.errstate(all="ignore"):
        absolute = np.abs(got - want)
    return ulp_error(got, want)[~near_root(x, want, absolute, root)].max()


def sample() -> np.ndarray:
    """float32 numbers in order: both signs, every exponent, infinities, and dense where activations bend."""
    exponents = np.arange(0xFF, dtype=np.uint32)[:, np.newaxis] << 23
    fractions = np.random.default_rng(0).integers(0, 1 << 23, (exponents.size, 256), dtype=np.uint32)
    magnitudes = np.append(exponents | fractions, np.uint32(0x7F800000)).view(np.float32)
    return np.sort(np.concatenate([magnitudes, -magnitudes, np.linspace(-DENSE, DENSE, 1 << 17, dtype=np.float32)]))


def nanoseconds(call: Callable[[], object]) -> float:
    """Time per element of `call` on ELEMENTS elements: the least of as many calls as the time for them allows."""
    times: list[int] = []
    while len(times) < TIMED_CALLS or sum(times) < TIMED_SECONDS * 1e9:
        began = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - began)
    return min(times) / ELEMENTS
