"""Every function x operation x instruction set x type holds its error bound against the reference.

`python -m fastact accuracy` measures and searches by other exact results, those of fastact._cli._exact.
"""

import functools

import numpy as np
import pytest
from conftest import CASES, FORMULAS, WIDE_TYPES, evaluated, exact, parameter_sets, points, root, same_bits

from fastact import _roots, _ufuncs
from fastact._cli._ulp import ulp_error

POINTS = 30_000


@functools.lru_cache(maxsize=16)
def wanted(name, operation, dtype, parameters, count):
    """x, the exact results, and the absolute error that is allowed instead of the bound: 0 away from roots."""
    x = points(dtype, count)
    want = exact(name, operation, parameters, x)
    near = _roots.is_near(x, want, root(name, operation, parameters))
    return x, want, np.where(near, _roots.allowed(dtype), 0)


def worst(name, operation, dtype, parameters, count):
    """The largest error in ULP on the instruction set in use, and the point where it is: x, got, want."""
    x, want, allowed = wanted(name, operation, dtype, parameters, count)
    got = evaluated(name, operation, parameters, x)
    assert got.dtype == dtype
    with np.errstate(invalid="ignore"):
        excused = np.abs(got - want) <= allowed
    error = np.where(excused, 0, ulp_error(got, want))
    at = error.argmax()
    return error[at], x[at], got[at], want[at]


def worst_case(error, x, got, want):
    return f"{error:.4g} ULP at x = {float(x).hex()} ({x!s}): got {got!s}, want {want!s}"


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize("case", FORMULAS)
def test_error_is_within_the_bound(case, dtype, isa):
    bound = _ufuncs.error_bound(*case, dtype)
    for parameters in parameter_sets(case[0], dtype):
        found = worst(*case, dtype, parameters, POINTS)
        assert found[0] <= bound, f"{parameters}: bound {bound}, but {worst_case(*found)}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", _ufuncs.table)
def test_backward_is_dy_times_grad(name, dtype, isa):
    x = points(dtype, POINTS)
    dy = np.random.default_rng(1).permutation(x)
    for parameters in parameter_sets(name, dtype):
        with np.errstate(all="ignore"):
            product = dy * _ufuncs.get(name, "grad")(x, *parameters)
        assert same_bits(_ufuncs.get(name, "backward")(dy, x, *parameters), product)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", _ufuncs.table)
def test_value_and_grad_are_the_value_and_the_gradient(name, dtype, isa):
    x = points(dtype, POINTS)
    for parameters in parameter_sets(name, dtype):
        value, grad = _ufuncs.get(name, "value_and_grad")(x, *parameters)
        assert same_bits(value, _ufuncs.get(name)(x, *parameters))
        assert same_bits(grad, _ufuncs.get(name, "grad")(x, *parameters))


@pytest.mark.parametrize("case", CASES)
def test_every_float16_is_the_rounded_float32_result(case, isa):
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    dy = () if not case[1].startswith("backward") else (np.random.default_rng(1).permutation(x),)
    for parameters in parameter_sets(case[0], np.float16):
        operands = (*dy, x, *parameters)
        half = _ufuncs.get(*case)(*operands)
        single = _ufuncs.get(*case)(*(operand.astype(np.float32) for operand in operands))
        for got, want in zip(np.atleast_2d(half), np.atleast_2d(single), strict=True):
            with np.errstate(all="ignore"):
                rounded = want.astype(np.float16)
            assert got.dtype == np.float16
            assert np.array_equal(got, rounded, equal_nan=True)


@pytest.mark.parametrize("case", FORMULAS)
def test_every_float16_is_within_one_ulp(case, isa):
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for parameters in parameter_sets(case[0], np.float16):
        error = ulp_error(evaluated(*case, parameters, x), exact(*case, parameters, x))
        assert error.max() <= 1, f"{parameters}: {error.max():.4g} ULP at x = {x[error.argmax()]}"
