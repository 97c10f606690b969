"""Zeros, infinities, NaN, subnormals, kinks, the ends of the range, extreme parameters; and no warning about any."""

import numpy as np
import pytest
from conftest import (
    CASES,
    FORMULAS,
    TYPES,
    WIDE_TYPES,
    bends,
    evaluated,
    exact,
    neighbours,
    on_isa,
    parameter_sets,
    parameters_from,
    root,
    usual_parameters,
)

from fastact import _roots, _ufuncs, reference
from fastact._cli._errors import applied
from fastact._cli._ulp import ulp_error

EXTREME_VALUES = {
    "negative_slope": (1e30, -1e30, 1e-30),
    "min_val": (-np.inf, 1.0, -0.0),
    "max_val": (np.inf, -1.0, 0.0),
    "lambd": (1e30, -1.0, np.inf),
    "threshold": (np.inf, -np.inf, 0.0),
    "value": (1.0, -np.inf, np.inf),
    "beta": (0.0, -0.0, 1e30, -1e30, 1e-30, -1e-30),
    "alpha": (0.0, np.inf, 1e30, 1e-30, -1.0),
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
# activation, operation, x, parameters, what is returned where the mathematics has no answer: a limit from one side, or
# NaN
NO_ANSWER = [
    ("celu", "forward", -2.0, [-1.0], np.nan),
    ("celu", "forward", 2.0, [-1.0], np.nan),
    ("celu", "grad", -2.0, [-1.0], np.nan),
    ("celu", "grad_alpha", -2.0, [-1.0], np.nan),
    ("celu", "backward_from_output", -0.5, [-1.0], np.nan),
    ("celu", "backward_from_output", 0.5, [-1.0], np.nan),
    ("celu", "backward_from_output", 0.0, [0.0], np.nan),
    ("elu", "backward_from_output", -0.5, [-1.0], -1.5),
    ("sigmoid", "backward_from_output", np.inf, [], np.nan),
    ("sigmoid", "backward_from_output", -np.inf, [], -np.inf),
    ("sigmoid", "backward_from_output", 2.0, [], -2.0),
    ("tanh", "backward_from_output", np.inf, [], -np.inf),
    ("log_sigmoid", "backward_from_output", 2.0, [], 0.0),
    ("softplus", "backward_from_output", -2.0, [1.0], 0.0),
    ("softplus", "backward_from_output", np.inf, [0.0], np.nan),
    ("celu", "forward", -2.0, [-np.inf], np.nan),
    ("celu", "grad", 0.0, [0.0], 1.0),
    ("celu", "grad", -np.inf, [np.inf], np.nan),
    ("elu", "grad", -np.inf, [np.inf], np.nan),
    ("softplus", "forward", 2.0, [0.0], np.inf),
    ("softplus", "forward", 2.0, [-0.0], -np.inf),
    ("softplus", "forward", -2.0, [0.0], np.inf),
    ("softplus", "grad_beta", 2.0, [0.0], -np.inf),
    ("softplus", "grad_beta", 2.0, [-0.0], -np.inf),
    ("softplus", "grad", np.inf, [0.0], 0.5),
    ("swish", "forward", np.inf, [0.0], np.inf),
    ("swish", "forward", -np.inf, [0.0], -np.inf),
    ("swish", "grad", -np.inf, [0.0], 0.5),
    ("threshold", "forward", 2.0, [np.nan, 0.5], np.nan),
    ("hard_tanh", "forward", 0.0, [1.0, -1.0], -1.0),
]


def special_points(dtype, kinks, parameters=()):
    """Both ends of every range, kinks with a step to either side, and where results become subnormal or vanish.

    Where that depends on a parameter, x times or by the parameter passes the threshold.
    """
    kind = np.finfo(dtype)
    ends = [0, kind.smallest_subnormal, kind.smallest_normal, kind.max, np.inf]
    logarithms = np.log([kind.max, kind.smallest_normal, kind.smallest_subnormal])
    tails = np.linspace(logarithms[1] - 20, logarithms[2] + 20, 200)
    thresholds = [logarithms, tails, np.sqrt(2 * np.abs(tails)), np.linspace(5, 25, 200), np.sqrt([kind.max])]
    factors = np.abs([float(value) for value in parameters if np.isfinite(value) and value != 0])
    thresholds += [logarithms * by for factor in factors for by in (factor, 1 / factor)]
    with np.errstate(over="ignore"):
        positive = neighbours(np.concatenate([ends, np.abs(kinks), *thresholds]).astype(dtype), dtype)
    return np.concatenate([positive, -positive, [dtype(np.nan)]])


def check(case, dtype, parameters):
    x = special_points(dtype, bends(case[0], parameters), parameters)
    x = x[~_roots.is_near(x, exact(*case, parameters, x), root(*case, parameters))]
    with np.errstate(all="raise"):
        got = evaluated(*case, parameters, x)
    error = ulp_error(got, exact(*case, parameters, x))
    at = error.argmax()
    want = exact(*case, parameters, x[at : at + 1])[0]
    assert error[at] <= _ufuncs.error_bound(*case, dtype), (
        f"{parameters}: {error[at]:.4g} ULP at x = {float(x[at]).hex()} ({x[at]!s}): got {got[at]!s}, want {want!s}"
    )
    assert np.isnan(got[np.isnan(x)]).all()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", [case for case in FORMULAS if case[1] != "backward_from_output"])
def test_infinity_gives_the_limit(case, dtype, isa):
    """That is what the largest numbers give, or infinity where it is of their size."""
    x, largest = dtype([np.inf, -np.inf]), np.array([np.finfo(dtype).max, -np.finfo(dtype).max])
    for parameters in parameter_sets(case[0], dtype):
        near = evaluated(*case, parameters, largest)
        limit = np.where(np.abs(near) > np.sqrt(largest[0]), np.copysign(np.inf, near), near)
        np.testing.assert_array_equal(evaluated(*case, parameters, x), limit)


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
@pytest.mark.parametrize(("name", "operation", "x", "parameters", "returned"), NO_ANSWER)
def test_returned_where_there_is_no_answer(name, operation, x, parameters, returned, dtype, isa):
    parameters = [dtype(value) for value in parameters]
    for function in (_ufuncs.get(name, operation), reference.get(name, operation)):
        assert np.array_equal(applied(function, operation, dtype(x), *parameters), returned, equal_nan=True)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", [case for case in FORMULAS if "alpha" in _ufuncs.table[case[0]]])
def test_negative_zero_as_alpha_is_zero(case, dtype, isa):
    x = special_points(dtype, [0])
    results = [evaluated(*case, [dtype(alpha)], x) for alpha in (-0.0, 0.0)]
    np.testing.assert_array_equal(*results)


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
def test_nothing_warns(case, dtype):
    for isa in _ufuncs.runnable_isas():
        with on_isa(isa):
            assert_nothing_warns(case, dtype)


def assert_nothing_warns(case, dtype):
    name, operation = case
    x = special_points(dtype, bends(name, usual_parameters(name)))
    for parameters in parameter_sets(name, dtype):
        dys = (dtype(np.nan), dtype(np.inf), np.finfo(dtype).max, dtype(0))
        for dy in dys if operation.startswith("backward") else (None,):
            operands = (x,) if dy is None else (np.full_like(x, dy), x)
            with np.errstate(all="raise"):
                _ufuncs.get(*case)(*operands, *parameters)
                _ufuncs.get(*case)(*(operand[::2] for operand in operands), *parameters)
                _ufuncs.get(*case)(*(operand[0] for operand in operands), *parameters)


def nans(dtype):
    """Quiet and signalling NaN of either sign, with the smallest, the largest and some other payloads."""
    integer = np.dtype(f"u{np.dtype(dtype).itemsize}").type
    mantissa = np.finfo(dtype).nmant
    infinity, quiet = np.array(np.inf, dtype).view(integer), integer(1) << integer(mantissa - 1)
    payloads = np.array([1, 2, 0x155, quiet - integer(1)], integer)
    positive = infinity | np.concatenate([[quiet], quiet | payloads, payloads])
    sign = integer(1) << integer(np.dtype(dtype).itemsize * 8 - 1)
    return np.concatenate([positive, positive | sign]).astype(integer).view(dtype)


@pytest.mark.parametrize("dtype", [*TYPES, np.float16])
@pytest.mark.parametrize("case", CASES)
def test_any_nan_gives_nan_and_no_warning(case, dtype):
    for isa in _ufuncs.runnable_isas():
        with on_isa(isa):
            assert_any_nan_gives_nan(case, dtype)


def assert_any_nan_gives_nan(case, dtype):
    x = nans(dtype)
    assert np.isnan(x).all()
    dy = [np.ones_like(x)] if case[1].startswith("backward") else []
    for parameters in parameter_sets(case[0], dtype):
        with np.errstate(all="raise"):
            results = _ufuncs.get(*case)(*dy, x, *parameters)
            alone = _ufuncs.get(*case)(*(operand[:1] for operand in dy), x[:1], *parameters)
        assert np.isnan(results).all()
        assert np.isnan(alone).all()


@pytest.mark.parametrize("dtype", [*TYPES, np.float16])
@pytest.mark.parametrize("case", [case for case in CASES if case[1].startswith("backward")])
def test_any_nan_as_upstream_gradient_gives_nan(case, dtype, isa):
    dy = nans(dtype)
    with np.errstate(all="raise"):
        assert np.isnan(_ufuncs.get(*case)(dy, np.ones_like(dy), *usual_parameters(case[0]))).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_a_parameter_that_is_negative_zero_keeps_its_sign(dtype, isa):
    assert np.signbit(_ufuncs.get("threshold")(np.zeros(20, dtype), 0.0, -0.0)).all()
