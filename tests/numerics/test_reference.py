"""The references are fit to measure with: compared with ball arithmetic, a few units in the last place at most.

The oracle is the documented formulas, evaluated and differentiated by fastact._cli._balls.
"""

import inspect

import numpy as np
import pytest
from conftest import (
    CASES,
    FORMULAS,
    needs_longdouble,
    neighbours,
    parameters_from,
    repetitions,
    root,
    usual_parameters,
)

from fastact import _roots, reference
from fastact._cli._errors import applied
from fastact._ufuncs import table

flint = pytest.importorskip("flint", reason="python-flint, which encloses the exact results, is not installed")

balls = pytest.importorskip("fastact._cli._balls")

TOLERANCE = 8  # ULP
PARAMETERS = {
    "negative_slope": (0.25, -0.5),
    "min_val": (-0.5, 0.25),
    "max_val": (2.25, 6),
    "lambd": (1.6875, 0),
    "threshold": (0, -1.25),
    "value": (1, 20),
    "beta": (0.5, 1.7, -1, 1e-3, -30.25),
}
MULTIPLES = (0.5, 0.7, 3, 1e3)  # of the default, for those that are not named above


@pytest.fixture(autouse=True)
def precision():
    yield
    flint.ctx.default()


def error(got, want):
    """Of a float64 or longdouble against an exact result: in ULP, and absolute."""
    kind = np.finfo(got.dtype)
    if balls.binade(want) >= kind.maxexp:
        same = np.isinf(got) and (got > 0) == (want > 0)
        return (0.0, 0.0) if same else (np.inf, np.inf)
    if not np.isfinite(got):
        return np.inf, np.inf
    digits = kind.nmant + 1
    mantissa, exponent = np.frexp(got)
    exact = flint.arb(int(np.ldexp(mantissa, digits))) * flint.arb(2) ** (int(exponent) - digits)
    absolute = abs(exact - want)
    return float(absolute / flint.arb(2) ** (max(balls.binade(want), kind.minexp) - kind.nmant)), float(absolute)


def points():
    rng = np.random.default_rng(0)
    count = repetitions(10, 30)
    magnitudes = np.ldexp(rng.uniform(1, 2, 4 * count), np.linspace(-1074, 1023, 4 * count).astype(int))
    bends = np.exp2(rng.uniform(-20, 10, 3 * count))
    tails = -rng.uniform(5, 760, 2 * count)
    return np.concatenate([magnitudes, -magnitudes, bends, -bends, tails])


def parameter_sets(name):
    return [usual_parameters(name), *parameters_from(PARAMETERS, MULTIPLES, name)]


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.longdouble, marks=needs_longdouble)])
@pytest.mark.parametrize("case", FORMULAS)
def test_error_is_a_few_ulp(case, dtype):
    name, operation = case
    for parameters in parameter_sets(name):
        parameters = tuple(map(float, parameters))
        zero = root(name, operation, parameters)
        x = np.concatenate([points(), neighbours([zero, 0.97 * zero], np.float64)])
        x = x[~np.isnan(x)]
        got = applied(reference.get(name, operation), operation, x.astype(dtype), *parameters)
        assert got.dtype == dtype
        for at, result in zip(x, got, strict=True):
            ulps, absolute = error(result, balls.enclosed(name, operation, float(at), parameters))
            near_root = _roots.is_near(at, result, zero)
            assert ulps < TOLERANCE or (near_root and absolute < 4 * np.finfo(dtype).eps), (
                f"{ulps:.3g} ULP at {at!r}, {parameters}"
            )


@pytest.mark.parametrize("name", table)
def test_composed_operations(name):
    x, parameters = points(), usual_parameters(name)
    value, grad = reference.get(name)(x, *parameters), reference.get(name, "grad")(x, *parameters)
    both = reference.get(name, "value_and_grad")(x, *parameters)
    assert np.array_equal(both, (value, grad))
    dy = np.linspace(-3, 3, x.size)
    assert np.array_equal(reference.get(name, "backward")(dy, x, *parameters), dy * grad)


@pytest.mark.parametrize("case", CASES)
def test_signature_has_the_defaults_of_the_table(case):
    name, operation = case
    if operation.startswith("backward") or operation == "value_and_grad":
        return  # they hand their arguments on
    parameters = list(inspect.signature(reference.get(name, operation)).parameters.values())
    defaults = {p.name: None if p.default is p.empty else p.default for p in parameters}
    assert defaults == {"x": None, **table[name]}


def test_unknown_operation():
    with pytest.raises(ValueError, match="'grad_alpha' of activation 'relu'"):
        reference.get("relu", "grad_alpha")
    with pytest.raises(ValueError, match="'sigmoid_grad'"):
        reference.get("sigmoid_grad")
    with pytest.raises(ValueError, match="'sigmoid_grad'"):
        reference.get("sigmoid_grad", "backward")


def test_types():
    assert isinstance(reference.silu(1), np.float64)
    assert reference.silu(np.float16([1])).dtype == np.float64
    assert reference.silu(np.longdouble(1)).dtype == np.longdouble
    assert reference.swish([[1.0], [2.0]], [0.5, 1]).shape == (2, 2)
    with pytest.raises(TypeError, match="swish: beta has to hold real numbers, not complex128"):
        reference.swish(1.0, 1j)
