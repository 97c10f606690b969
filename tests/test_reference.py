"""The references are fit to measure with: compared with ball arithmetic, a few units in the last place at most.

The formulas judge that the documentation gives. Arb evaluates and differentiates them by itself and encloses every
result in a ball, whose precision is raised until the ball is small.
"""

import ast
import contextlib
import functools
import inspect
import math
import operator

import numpy as np
import pytest
from conftest import CASES, FORMULAS, needs_longdouble, neighbours, parameters_from, roots, usual_parameters

from fastact import reference
from fastact._docs import DOCS
from fastact._ufuncs import table

flint = pytest.importorskip("flint", reason="python-flint, which encloses the exact results, is not installed")

TOLERANCE = 8  # ULP
ENOUGH_BITS = 90  # longdouble has 64
VANISHING = -17_000  # binary exponent below the smallest longdouble


@pytest.fixture(autouse=True)
def derivatives_of_first_order():
    flint.ctx.cap = 2
    yield
    flint.ctx.default()


@functools.total_ordering
class Value:
    """What a series is at its centre, for comparisons; they raise ValueError where its bits do not tell."""

    def __init__(self, series):
        self.ball = series[0]

    def __eq__(self, other):
        return self.ball == other.ball  # both are exact

    def __lt__(self, other):
        if self.ball.overlaps(other.ball) and not self == other:
            raise ValueError("more bits are needed")
        return self.ball < other.ball


def number(digits):
    return flint.arb_series([flint.arb(digits)])


def call(function, argument):
    return ast.Call(ast.Name(function, ast.Load()), [argument], [])


class OnSeries(ast.NodeTransformer):
    """Lets an expression be evaluated for power series, and its numbers mean exactly what is written."""

    def __init__(self, formula):
        self.formula = formula

    def visit_Constant(self, node):
        return call("number", ast.Constant(ast.get_source_segment(self.formula, node)))

    def visit_Compare(self, node):
        left, *others = (call("Value", self.visit(operand)) for operand in (node.left, *node.comparators))
        return ast.Compare(left, node.ops, others)


@functools.cache
def compiled(formula):
    tree = OnSeries(formula).visit(ast.parse(formula, mode="eval"))
    return compile(ast.fix_missing_locations(tree), formula, "eval")


def names():
    """What math has, for series."""
    return FUNCTIONS | {"pi": number(flint.arb.pi()), "e": number(flint.arb.const_e())}


FUNCTIONS = {
    "number": number,
    "Value": Value,
    "min": functools.partial(min, key=Value),
    "max": functools.partial(max, key=Value),
    "abs": lambda x: max(x, -x, key=Value),
    "sinh": lambda x: (x.exp() - (-x).exp()) / 2,
    "cosh": lambda x: (x.exp() + (-x).exp()) / 2,
    "tanh": lambda x: 1 - 2 / ((2 * x).exp() + 1),
    "expm1": lambda x: x.exp() - 1,
    "log1p": lambda x: (1 + x).log(),
} | {name: operator.methodcaller(name) for name in vars(math).keys() & set(dir(flint.arb_series)) if name[0] != "_"}
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


def enclosed(name, operation, x, parameters):
    """The exact result: a ball of at least ENOUGH_BITS, or 0 where it vanishes."""
    variable = ["grad", *(f"grad_{p}" for p in table[name])].index(operation) if operation != "forward" else 0
    for bits in (128, 512, 2048, 8192, 32768):
        flint.ctx.prec = bits
        operands = {
            argument: flint.arb_series([flint.arb(value), 1] if i == variable else [flint.arb(value)])
            for i, (argument, value) in enumerate(zip(("x", *table[name]), (x, *parameters), strict=True))
        }
        with contextlib.suppress(ValueError):  # a denominator that may be 0, as far as these bits tell
            ball = eval(compiled(DOCS[name].formula), names() | operands)[operation != "forward"]
            precise = ball.is_finite() and ball.rel_accuracy_bits() > ENOUGH_BITS
            if precise or (ball.is_finite() and binade(ball.abs_upper()) < VANISHING):
                return ball.mid()
    raise AssertionError(f"{bits} bits are too few for {name} {operation} at {x!r}, {parameters}")


def binade(ball):
    mantissa, exponent = ball.mid().man_exp()
    return int(exponent) + int(mantissa).bit_length() - 1 if mantissa else VANISHING * 10


def error(got, want):
    """Of a float64 or longdouble against an exact result: in ULP, and absolute."""
    kind = np.finfo(got.dtype)
    if binade(want) >= kind.maxexp:
        same = np.isinf(got) and (got > 0) == (want > 0)
        return (0.0, 0.0) if same else (np.inf, np.inf)
    if not np.isfinite(got):
        return np.inf, np.inf
    digits = kind.nmant + 1
    mantissa, exponent = np.frexp(got)
    exact = flint.arb(int(np.ldexp(mantissa, digits))) * flint.arb(2) ** (int(exponent) - digits)
    absolute = abs(exact - want)
    return float(absolute / flint.arb(2) ** (max(binade(want), kind.minexp) - kind.nmant)), float(absolute)


def points():
    rng = np.random.default_rng(0)
    magnitudes = np.ldexp(rng.uniform(1, 2, 120), np.linspace(-1074, 1023, 120).astype(int))
    bends = np.exp2(rng.uniform(-20, 10, 100))
    tails = -rng.uniform(5, 760, 60)
    return np.concatenate([magnitudes, -magnitudes, bends, -bends, tails])


def parameter_sets(name):
    return [usual_parameters(name), *parameters_from(PARAMETERS, MULTIPLES, name)]


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.longdouble, marks=needs_longdouble)])
@pytest.mark.parametrize("case", FORMULAS)
def test_error_is_a_few_ulp(case, dtype):
    name, operation = case
    for parameters in parameter_sets(name):
        parameters = tuple(map(float, parameters))
        zeros = roots(name, operation, parameters) if operation != "forward" else ()
        x = np.concatenate([points(), *(neighbours([zero, 0.97 * zero], np.float64) for zero in zeros)])
        got = reference.get(name, operation)(x.astype(dtype), *parameters)
        assert got.dtype == dtype
        for at, result in zip(x, got, strict=True):
            ulps, absolute = error(result, enclosed(name, operation, float(at), parameters))
            near_root = any(abs(at - zero) < abs(zero) / 4 for zero in zeros)
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
    if operation in ("backward", "value_and_grad"):
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
