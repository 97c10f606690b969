"""What dy does in the gradients, as docstrings and docs/layers.md say: bounds of products, zeros, infinities, NaN."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from conftest import FROM_OUTPUT, TYPES, WIDE_TYPES, WIDER, evaluated, exact, parameter_sets, points, root, same_bits

import fastact as fa
from fastact import _docs, _roots, _ufuncs
from fastact._cli._ulp import ulp, ulp_error

LAYERS = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
POINTS = 20_000
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -3.0]
OPERATIONS = [(name, "backward") for name in _ufuncs.table] + [(name, "backward_from_output") for name in FROM_OUTPUT]


def derivative_of(operation):
    """The operation whose exact result, and whose root, are those of f'(x)."""
    return "grad" if operation == "backward" else operation


class Products(NamedTuple):
    """Some dy, what they give, the exact derivatives and products; without those that overflow."""

    dy: np.ndarray
    got: np.ndarray
    derivative: np.ndarray
    want: np.ndarray
    near: np.ndarray


def products(name, operation, dtype, parameters, dy):
    x, wider = points(dtype, dy.size)[: dy.size], WIDER[dtype]
    dy = dy[: x.size]
    derivative = exact(name, derivative_of(operation), parameters, x)
    got = _ufuncs.get(name, operation)(dy, x, *parameters)
    with np.errstate(all="ignore"):
        want = derivative * dy.astype(wider)
        kept = np.isfinite(got) & (np.abs(want) <= np.finfo(dtype).max)
    near = _roots.is_near(x, derivative, root(name, derivative_of(operation), parameters))
    return Products(*(part[kept] for part in (dy, got, derivative, want, near)))


def any_dy(dtype, count):
    """Of all sizes, half of them ordinary."""
    rng, kind = np.random.default_rng(3), np.finfo(dtype)
    ordinary = rng.normal(size=count // 2)
    wide = np.ldexp(rng.uniform(-2, 2, count - count // 2), rng.integers(kind.minexp, kind.maxexp, count - count // 2))
    return rng.permutation(np.concatenate([ordinary, wide]).astype(dtype))


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_bounds_of_products(name, operation, dtype, isa):
    bound, kind = _ufuncs.error_bound(name, operation, dtype), np.finfo(dtype)
    least = kind.smallest_subnormal
    for parameters in parameter_sets(name, dtype):
        dy, got, derivative, want, near = products(name, operation, dtype, parameters, any_dy(dtype, POINTS))
        error, size, rounding = np.abs(got - want), np.abs(dy.astype(want.dtype)), ulp(want, dtype)
        normal = (np.abs(derivative) >= kind.tiny) | (derivative == 0)
        assert (normal & ~near).sum() > 1000
        limit = 2 * bound + 1 if bound else 0.5
        assert ulp_error(got, want)[normal & ~near].max() <= limit
        assert (error - size * _roots.allowed(dtype) - rounding / 2)[near].max(initial=0) <= 0
        assert (error - size * (bound * least) - rounding)[~normal].max(initial=0) <= 0


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_bounds_where_dy_is_a_power_of_two(name, operation, dtype, isa):
    bound, kind = _ufuncs.error_bound(name, operation, dtype), np.finfo(dtype)
    exponents = np.random.default_rng(4).integers(-60, 60, POINTS)
    dy = np.ldexp(dtype(1), exponents).astype(dtype)
    for parameters in parameter_sets(name, dtype):
        _, got, derivative, want, near = products(name, operation, dtype, parameters, dy)
        counts = (np.abs(derivative) >= kind.tiny) & (np.abs(want) >= kind.tiny) & ~near
        assert ulp_error(got, want)[counts].max() <= bound


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_special_dy_give_what_products_give(name, operation, dtype, isa):
    some = np.concatenate([np.linspace(-30, 30, 121), [-np.inf, np.inf, np.nan, 1e30, -1e30]]).astype(dtype)
    dy, x = (part.ravel() for part in np.meshgrid(np.array(SPECIAL, dtype), some))
    for parameters in parameter_sets(name, dtype):
        gradient = _ufuncs.get(name, operation)
        derivative = evaluated(name, derivative_of(operation), parameters, x)
        with np.errstate(all="ignore"):
            assert same_bits(nan_alike(gradient(dy, x, *parameters)), nan_alike(dy * derivative))


def nan_alike(y):
    return np.where(np.isnan(y), y.dtype.type(np.nan), y)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", _ufuncs.gated)
def test_special_dy_of_gated_pairs(name, dtype, isa):
    dy, gate, up = (part.ravel() for part in np.meshgrid(*3 * [np.array([*SPECIAL, 1e30, -20.0], dtype)]))
    f = _ufuncs.gated[name]
    dgate, dup = _ufuncs.get(name, "backward")(dy, gate, up)
    with np.errstate(all="ignore"):
        assert same_bits(nan_alike(dgate), nan_alike(dy * up * _ufuncs.get(f, "grad")(gate)))
        assert same_bits(nan_alike(dup), nan_alike(dy * _ufuncs.get(f)(gate)))
    value = _ufuncs.get(f)(gate)
    zero = (dy == 0) & np.isfinite(up) & np.isfinite(value)
    assert np.all(dgate[zero & ~np.isnan(gate)] == 0)
    assert np.all(dup[zero] == 0)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", [name for name in _ufuncs.table if _ufuncs.table[name]])
def test_terms_of_parameters_are_products(name, dtype, isa):
    """A single element is a sum of one term."""
    parameters = parameter_sets(name, dtype)[0]
    for dy in np.array(SPECIAL, dtype):
        for x in np.array([-2.5, 0.25, 3.0, 1e30], dtype):
            dx, *gradients = getattr(fa, name).backward_params(dy, x, *parameters)
            assert same_bits(nan_alike(dx), nan_alike(getattr(fa, name).backward(dy, x, *parameters)))
            for parameter, gradient in zip(_ufuncs.table[name], gradients, strict=True):
                with np.errstate(all="ignore"):
                    term = dy * _ufuncs.get(name, f"grad_{parameter}")(x, *parameters)
                np.testing.assert_array_equal(gradient, term)


def test_derivatives_are_finite_but_for_infinite_parameters_and_what_is_no_output():
    x = np.concatenate([points(np.float32, POINTS), np.float32([np.inf, -np.inf])])
    for name in _ufuncs.table:
        for parameters in parameter_sets(name, np.float32):
            assert np.isfinite(_ufuncs.get(name, "grad")(x, *parameters)).all()
            assert np.all(_ufuncs.get(name, "backward")(np.float32(0), x, *parameters) == 0)
    for name in ("leaky_relu", "elu"):
        assert np.isnan(_ufuncs.get(name, "backward")(0.0, -1.0, np.inf))
    assert np.isnan(fa.tanh.backward_from_output(0.0, 1e200))


# What differs from PyTorch

SELECTED = ("relu", "relu6", "hard_tanh", "hard_sigmoid", "hard_swish", "soft_shrink", "hard_shrink", "threshold")
BRANCHED = ("leaky_relu", "elu", "selu", "celu")


class Row(NamedTuple):
    """A row of the table, and operands that it is about."""

    names: tuple
    texts: tuple  # dy, x, PyTorch's result, ours
    dy: tuple
    x: tuple
    theirs: object  # whether results are as told, of dy and x as arrays, the derivative and results
    ours: object


def is_nan(dy, derivative, got):
    return np.isnan(got)


def is_infinite(dy, derivative, got):
    return np.isinf(got)


def is_zero(dy, derivative, got):
    return got == 0


def is_no_nan_of_x(dy, derivative, got):
    """As dy is, infinite or finite; or 0."""
    return (got == 0) | (~np.isnan(got) & (np.isfinite(got) == np.isfinite(dy)))


def is_product(dy, derivative, got):
    with np.errstate(all="ignore"):
        return got == dy * derivative


WHERE_FLAT = (-np.inf, -100.0, -3.0, -0.2, 0.0, 0.2, 100.0, np.inf)
DIFFERENCES = [
    Row(
        SELECTED,
        ("infinite or NaN", "where f'(x) = 0", "0", "NaN"),
        (np.inf, -np.inf, np.nan),
        WHERE_FLAT,
        is_zero,
        is_nan,
    ),
    Row(
        (*SELECTED, *BRANCHED),
        ("any but NaN", "NaN", "dy times a number, or 0", "NaN"),
        (0.0, 1.0, -1.0, np.inf),
        (np.nan,),
        is_no_nan_of_x,
        is_nan,
    ),
    Row(
        ("silu", "mish", "gelu", "gelu_tanh", "softsign"),
        ("finite", "infinite", "NaN", "dy times the limit of f'"),
        (0.0, 1.0, -2.0),
        (np.inf, -np.inf),
        is_nan,
        is_product,
    ),
    Row(
        ("softsign", "tanh_shrink"),
        ("infinite", "not 0, up to 1000", "NaN", "infinite"),
        (np.inf, -np.inf),
        (-1000.0, -3.0, 0.3, 25.0, 1000.0),
        is_nan,
        is_infinite,
    ),
    Row(("sigmoid",), ("infinite", "100", "NaN", "infinite"), (np.inf, -np.inf), (100.0,), is_nan, is_infinite),
    Row(("tanh",), ("infinite", "25", "NaN", "infinite"), (np.inf, -np.inf), (25.0,), is_nan, is_infinite),
]


def operands(row, name, dtype):
    dy, x = (part.ravel() for part in np.meshgrid(np.array(row.dy, dtype), np.array(row.x, dtype)))
    parameters = parameter_sets(name, dtype)[0]
    derivative = _ufuncs.get(name, "grad")(x, *parameters)
    flat = derivative == 0 if row.names is SELECTED else np.ones(x.shape, bool)
    assert flat.any()
    return dy[flat], x[flat], parameters, derivative[flat]


CASES = [(place, name) for place, row in enumerate(DIFFERENCES) for name in row.names]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("place", "name"), CASES)
def test_differences_from_pytorch_are_ours(place, name, dtype, isa):
    row = DIFFERENCES[place]
    dy, x, parameters, derivative = operands(row, name, dtype)
    assert row.ours(dy, derivative, _ufuncs.get(name, "backward")(dy, x, *parameters)).all()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("place", "name"), CASES)
def test_differences_from_pytorch_are_theirs(place, name, dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    if f"PyTorch {torch.__version__.partition('+')[0]} " not in LAYERS:
        pytest.skip("the table is of another version of PyTorch")
    functional, row = torch.nn.functional, DIFFERENCES[place]
    function = getattr(functional, name, None) or getattr(functional, name.replace("_", ""), None)
    function, options = (functional.gelu, {"approximate": "tanh"}) if name == "gelu_tanh" else (function, {})
    dy, x, parameters, derivative = operands(row, name, dtype)
    operand = torch.tensor(x, requires_grad=True)
    function(operand, *map(float, parameters), **options).backward(torch.tensor(dy))
    assert row.theirs(dy, derivative, operand.grad.numpy()).all()


def test_table_of_differences_is_that_of_the_tests():
    table = LAYERS.partition("| | dy | x | PyTorch 2.13.0 | fastact |\n|---|---|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [f"| {', '.join(f'`{name}`' for name in row.names)} | {' | '.join(row.texts)} |" for row in DIFFERENCES]
    assert table.splitlines() == rows


# What is said


def test_docstrings_and_page_say_it():
    for name, operation in OPERATIONS:
        assert _docs.DY in _ufuncs.get(name, operation).__doc__
    for name in _ufuncs.table:
        if _ufuncs.table[name]:
            assert _docs.TERMS in getattr(fa, name).backward_params.__doc__
    for name in _ufuncs.gated:
        assert "whatever dy\nand up" in getattr(fa, name).backward.__doc__
    assert "2 b + 1 ULP" in LAYERS
