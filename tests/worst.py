"""The largest errors of operations against their references, on points of any exponent and where activations bend.

As a program it prints a table, with a witness for every largest error:

    python tests/worst.py --points 1000000 --isa avx2 --dtype float32 --function silu --operation grad
"""

import argparse
import functools

import numpy as np
from conftest import FORMULAS, WIDER, evaluated, exact, parameter_sets, points, root

from fastact import _roots, _ufuncs
from fastact._cli._ulp import ulp_error


@functools.lru_cache(maxsize=16)
def judged(name, operation, dtype, parameters, count):
    """x, the exact results, and the absolute error that is allowed instead of the bound: 0 away from roots."""
    x = points(dtype, count)
    want = exact(name, operation, parameters, x)
    near = _roots.is_near(x, want, root(name, operation, parameters))
    return x, want, np.where(near, _roots.allowed(dtype), 0)


def worst(name, operation, dtype, parameters, count):
    """The largest error in ULP on the instruction set in use, and the point where it is: x, got, want."""
    x, want, allowed = judged(name, operation, dtype, parameters, count)
    got = evaluated(name, operation, parameters, x)
    assert got.dtype == dtype
    with np.errstate(invalid="ignore"):
        excused = np.abs(got - want) <= allowed
    error = np.where(excused, 0, ulp_error(got, want))
    at = error.argmax()
    return error[at], x[at], got[at], want[at]


def witness(error, x, got, want):
    return f"{error:.4g} ULP at x = {float(x).hex()} ({x!s}): got {got!s}, want {want!s}"


def main():
    parser = argparse.ArgumentParser(description="Print the largest error of every operation, with a witness.")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--isa", nargs="+", choices=_ufuncs.runnable_isas(), default=_ufuncs.runnable_isas())
    parser.add_argument("--dtype", nargs="+", choices=[t.__name__ for t in WIDER], default=["float32", "float64"])
    parser.add_argument("--function", nargs="+", choices=list(_ufuncs.table), default=list(_ufuncs.table))
    parser.add_argument("--operation", nargs="+", help="such as forward, grad, grad_beta")
    options = parser.parse_args()
    for name, operation in FORMULAS:
        if name in options.function and operation in (options.operation or [operation]):
            for dtype in map(np.dtype, options.dtype):
                report(name, operation, dtype.type, options.isa, options.points)


def report(name, operation, dtype, isas, count):
    errors = dict.fromkeys(isas, (0.0, "exact"))
    for parameters in parameter_sets(name, dtype):
        for isa in isas:
            _ufuncs.select_isa(isa)
            found = worst(name, operation, dtype, parameters, count)
            shown = f"{witness(*found)} {tuple(map(float, parameters)) or ''}"
            errors[isa] = max(errors[isa], (found[0], shown))
    for isa, (error, text) in errors.items():
        _ufuncs.select_isa(isa)
        bound = _ufuncs.error_bound(name, operation, dtype)
        verdict = "EXCEEDS" if error > bound else "within"
        print(f"{name:12} {operation:20} {dtype.__name__:8} {isa:9} {verdict} {bound:5.3g}: {text}", flush=True)


if __name__ == "__main__":
    main()
