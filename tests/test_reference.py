"""The references are fit to measure with: compared with ball arithmetic, a few units in the last place at most.

Only the activations themselves are written down here, as the literature defines them. Arb differentiates them by
itself and encloses every result in a ball, whose precision is raised until the ball is small.
"""

import contextlib
import inspect

import numpy as np
import pytest
from conftest import CASES, FORMULAS, needs_longdouble, neighbours, roots, usual_parameters

from fastact import reference
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


def exp(x):
    return x.exp()


def tanh(x):
    return 1 - 2 / (exp(2 * x) + 1)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softplus(x, beta=1):
    return (1 + exp(beta * x)).log() / beta


def gelu(x):
    return x * (-x / flint.arb(2).sqrt()).erfc() / 2


def gelu_tanh(x):
    return x / 2 * (1 + tanh((2 / flint.arb.pi()).sqrt() * (x + x * x * x * 44715 / 1_000_000)))


def selu(x):
    alpha, scale = (flint.arb(d) for d in ("1.6732632423543772848170429916717", "1.0507009873554804934193349852946"))
    return scale * x if x[0] > 0 else scale * alpha * (exp(x) - 1)


def larger(a, b):
    return a if a[0] > b[0] else b


def smaller(a, b):
    return a if a[0] < b[0] else b


def constant(value):
    return flint.arb_series([flint.arb(value)])


def clip(x, low, high):
    return smaller(larger(x, constant(low)), constant(high))


DEFINITIONS = {
    "relu": lambda x: larger(x, constant(0)),
    "relu6": lambda x: clip(x, 0, 6),
    "leaky_relu": lambda x, negative_slope: x if x[0] > 0 else negative_slope * x,
    "hard_tanh": lambda x, min_val, max_val: smaller(larger(x, min_val), max_val),
    "hard_sigmoid": lambda x: clip(x + 3, 0, 6) / 6,
    "hard_swish": lambda x: x * clip(x + 3, 0, 6) / 6,
    "soft_shrink": lambda x, lambd: larger(x - lambd, constant(0)) + smaller(x + lambd, constant(0)),
    "hard_shrink": lambda x, lambd: x if abs(x[0]) > lambd[0] else constant(0),
    "threshold": lambda x, threshold, value: x if x[0] > threshold[0] else value,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x, beta: x * sigmoid(beta * x),
    "log_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "mish": lambda x: x * tanh(softplus(x)),
    "elu": lambda x, alpha: x if x[0] > 0 else alpha * (exp(x) - 1),
    "selu": selu,
    "celu": lambda x, alpha: x if x[0] > 0 else alpha * (exp(x / alpha) - 1),
    "tanh": tanh,
    "tanh_shrink": lambda x: x - tanh(x),
    "softsign": lambda x: x / (1 + larger(x, -x)),
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
}
PARAMETERS = {
    "negative_slope": (0.25, -0.5),
    "min_val": (-0.5, 0.25),
    "max_val": (2.25, 6),
    "lambd": (1.6875, 0),
    "threshold": (0, -1.25),
    "value": (1, 20),
    "beta": (0.5, 1.7, -1, 1e-3, -30.25),
    "alpha": (0.5, 0.7, 3, 1e3),
}


def enclosed(name, operation, x, parameters):
    """The exact result: a ball of at least ENOUGH_BITS, or 0 where it vanishes."""
    variable = ["grad", *(f"grad_{p}" for p in table[name])].index(operation) if operation != "forward" else 0
    for bits in (128, 512, 2048, 8192, 32768):
        flint.ctx.prec = bits
        operands = [
            flint.arb_series([flint.arb(value), 1] if i == variable else [flint.arb(value)])
            for i, value in enumerate((x, *parameters))
        ]
        with contextlib.suppress(ValueError):  # a denominator that may be 0, as far as these bits tell
            ball = DEFINITIONS[name](*operands)[operation != "forward"]
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
    return [usual_parameters(name), *zip(*(PARAMETERS[p] for p in table[name]), strict=True)]


def test_every_activation_is_defined():
    assert list(DEFINITIONS) == list(table)


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
