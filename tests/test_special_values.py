"""Zeros, infinities, NaN, subnormals, kinks, the ends of the range, extreme parameters; and no warning about any."""

import numpy as np
import pytest
from conftest import (
    CASES,
    FORMULAS,
    TYPES,
    WIDE_TYPES,
    bends,
    exact,
    neighbours,
    parameter_sets,
    parameters_from,
    roots,
    usual_parameters,
)

from fastact import _ufuncs
from fastact._ulp import ulp_error

EXTREME_VALUES = {
    "negative_slope": (1e30, -1e30, 1e-30),
    "min_val": (-np.inf, 1.0, -0.0),
    "max_val": (np.inf, -1.0, 0.0),
    "lambd": (1e30, -1.0, np.inf),
    "threshold": (np.inf, -np.inf, 0.0),
    "value": (1.0, -np.inf, np.nan),
    "beta": (0.0, 1e30, -1e30),
}
EXTREME_MULTIPLES = (1e-6, 1e6, 1e-3)  # of the default, for those that are not named above
# activation, x, the derivative there as PyTorch has it
AT_KINKS = [
    ("relu", 0.0, 0.0),
    ("relu6", 0.0, 0.0),
    ("relu6", 6.0, 0.0),
    ("leaky_relu", 0.0, 0.01),
    ("hard_tanh", -1.0, 0.0),
    ("hard_tanh", 1.0, 0.0),
    ("hard_sigmoid", -3.0, 0.0),
    ("hard_sigmoid", 3.0, 0.0),
    ("hard_swish", -3.0, 0.0),
    ("hard_swish", 3.0, 1.0),
    ("soft_shrink", -0.5, 0.0),
    ("soft_shrink", 0.5, 0.0),
    ("hard_shrink", -0.5, 0.0),
    ("hard_shrink", 0.5, 0.0),
    ("threshold", 0.5, 0.0),
    ("elu", 0.0, 1.0),
    ("selu", 0.0, 1.7580993408473768),
    ("celu", 0.0, 1.0),
    ("softsign", 0.0, 1.0),
]
# activation, operation, x, parameters
OUTSIDE_THE_DOMAIN = [
    ("celu", "forward", -2.0, [-1.0]),
    ("celu", "forward", 2.0, [-1.0]),
    ("celu", "grad", -2.0, [-1.0]),
    ("celu", "grad_alpha", -2.0, [-1.0]),
]


def special_points(dtype, kinks):
    """Both ends of every range, kinks with a step to either side, and where results become subnormal or vanish."""
    kind = np.finfo(dtype)
    ends = [0, kind.smallest_subnormal, kind.smallest_normal, kind.max, np.inf]
    logarithms = np.log([kind.max, kind.smallest_normal, kind.smallest_subnormal])
    tails = np.linspace(logarithms[1] - 20, logarithms[2] + 20, 200)
    thresholds = [logarithms, tails, np.sqrt(2 * np.abs(tails)), np.linspace(5, 25, 200), np.sqrt([kind.max])]
    positive = neighbours(np.concatenate([ends, np.abs(kinks), *thresholds]).astype(dtype), dtype)
    return np.concatenate([positive, -positive, [dtype(np.nan)]])


def check(case, dtype, parameters):
    x = special_points(dtype, bends(case[0], parameters))
    for root in roots(*case, parameters) if case[1] != "forward" else ():
        x = x[~(np.abs(x - root) < 0.05)]
    with np.errstate(all="raise"):
        got = _ufuncs.get(*case)(x, *parameters)
    error = ulp_error(got, exact(*case, parameters, x))
    at = error.argmax()
    want = exact(*case, parameters, x[at : at + 1])[0]
    assert error[at] <= _ufuncs.error_bound(*case, dtype), (
        f"{parameters}: {error[at]:.4g} ULP at x = {float(x[at]).hex()} ({x[at]!s}): got {got[at]!s}, want {want!s}"
    )
    assert np.isnan(got[np.isnan(x)]).all()


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize("case", FORMULAS)
def test_special_points(case, dtype, isa):
    for parameters in parameter_sets(case[0], dtype):
        check(case, dtype, parameters)


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize("case", [case for case in FORMULAS if _ufuncs.table[case[0]]])
def test_extreme_parameters(case, dtype, isa):
    for values in parameters_from(EXTREME_VALUES, EXTREME_MULTIPLES, case[0]):
        check(case, dtype, tuple(dtype(value) for value in values))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("name", "x", "slope"), AT_KINKS)
def test_derivative_at_a_kink_is_that_of_pytorch(name, x, slope, dtype, isa):
    assert _ufuncs.get(name, "grad")(dtype(x), *usual_parameters(name)) == dtype(slope)
    assert _ufuncs.get(name, "grad")(dtype(-x), *usual_parameters(name)) == dtype(slope) or x != 0


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("name", "operation", "x", "parameters"), OUTSIDE_THE_DOMAIN)
def test_nan_outside_the_domain(name, operation, x, parameters, dtype, isa):
    ufunc = _ufuncs.get(name, operation)
    assert np.isnan(ufunc(dtype(x), *parameters))
    assert np.isnan(ufunc.reference(x, *parameters))


@pytest.mark.parametrize("dtype", [*TYPES, np.float16])
@pytest.mark.parametrize("name", _ufuncs.table)
def test_zero_keeps_its_sign_where_a_function_passes_through(name, dtype, isa):
    for parameters in parameter_sets(name, dtype):
        for zero in (dtype(0.0), dtype(-0.0)):
            value = _ufuncs.get(name)(zero, *parameters)
            slope = _ufuncs.get(name, "grad")(zero, *parameters)
            if value == 0 and slope != 0:
                assert np.signbit(value) == (np.signbit(zero) != np.signbit(slope))


@pytest.mark.parametrize("dtype", [*TYPES, np.float16])
@pytest.mark.parametrize("case", CASES)
def test_nothing_warns(case, dtype, isa):
    name, operation = case
    x = special_points(dtype, bends(name, usual_parameters(name)))
    for parameters in parameter_sets(name, dtype):
        for dy in (dtype(np.nan), dtype(np.inf), np.finfo(dtype).max, dtype(0)) if operation == "backward" else (None,):
            operands = (x,) if dy is None else (np.full_like(x, dy), x)
            with np.errstate(all="raise"):
                _ufuncs.get(*case)(*operands, *parameters)
                _ufuncs.get(*case)(*(operand[::2] for operand in operands), *parameters)
                _ufuncs.get(*case)(*(operand[0] for operand in operands), *parameters)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_parameter_that_is_negative_zero_keeps_its_sign(dtype, isa):
    assert np.signbit(_ufuncs.get("threshold")(np.zeros(20, dtype), 0.0, -0.0)).all()
