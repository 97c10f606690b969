"""Learnable parameters, and bias with activation: the bits of the composition, sums within their bound, gradients."""

import inspect
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from calls import LAYOUTS, assert_same, make_array, read_only
from conftest import OTHER_VALUES, on_isa, on_threads, usual_parameters
from hypothesis import given, settings
from hypothesis import strategies as st
from test_docstrings import run_examples
from test_environment import (
    ALL_FLAGS,
    FLAGS,
    MODES,
    fenv,
    flags_after,
    flushes_to_zero,
    flushing_to_zero,
    glibc_only,
    named,
    rounding,
    rounding_mode,
)

import fastact as fa
from fastact import _channels, _ufuncs
from fastact._errors import has_fma
from fastact._ufuncs import table

PARAMETRIC = [name for name, parameters in table.items() if parameters]
DTYPES = [np.float16, np.float32, np.float64]
# Every way that the C core divides work: by runs and by rows, one strip and many, whole and not, wide and narrow.
SHAPES = [
    ((1,), 0),
    ((5000,), 0),
    ((3, 5), 1),
    ((700, 3), 1),
    ((300, 40), -1),
    ((5, 4099), -1),
    ((3, 40_000), -1),
    ((90, 2500), 1),
    ((2, 3, 5001), 1),
    ((2, 5, 7, 7), 1),
    ((4, 3, 33, 17), 1),
    ((9, 5, 6, 3), -1),
    ((3, 400), 0),
    ((70, 1), 1),
    ((0, 4), 1),
    ((4, 0), 1),
    ((3, 0, 2), 0),
]
LARGE = [((40, 6, 1700), 1), ((5000, 96), -1), ((90_000, 3), -1), ((60, 100, 7, 7), 1), ((300_000,), 1)]
shapes = pytest.mark.parametrize(("shape", "axis"), SHAPES, ids=str)
large = pytest.mark.parametrize(("shape", "axis"), LARGE, ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def channels_of(shape, axis):
    return shape[axis] if len(shape) > 1 or axis != 1 else 1


def along(values, shape, axis):
    """Shape a value for each channel to broadcast against x."""
    if values.size == 1:
        return values.reshape(())
    return values.reshape([-1 if k == axis % len(shape) else 1 for k in range(len(shape))])


def exact_sum(terms, like):
    """The sums of float64 terms that share an element of an array, to the last bit, and those of their sizes."""
    padded = (1,) * (terms.ndim - np.ndim(like)) + np.shape(like)
    kept = [axis for axis, length in enumerate(padded) if length != 1]
    shared = [axis for axis, length in enumerate(padded) if length == 1]
    rows = terms.transpose(*kept, *shared).reshape(np.size(like), math.prod(terms.shape[k] for k in shared))
    sums = np.array([math.fsum(row) for row in rows]).reshape(np.shape(like))
    return sums, np.abs(rows).sum(axis=1).reshape(np.shape(like))


def assert_sum(got, terms, like, dtype):
    """Demand a sum in the type, of the shape of what it belongs to, within the bound of the docstring."""
    assert got.dtype == dtype
    assert np.shape(got) == np.shape(like)
    want, sizes = exact_sum(np.asarray(terms, np.float64), like)
    ulp = np.spacing(np.abs(want).astype(dtype)).astype(np.float64)
    assert (np.abs(got - want) <= 0.5 * ulp + 2.0**-44 * sizes).all()


def cancelling(shape, axis, seed=0):
    """float64 of any size whose sums over each channel are finite, and their parts in most orders are not."""
    rng = np.random.default_rng(seed)
    moved = np.zeros(np.moveaxis(np.empty(shape), axis, 0).shape if len(shape) > 1 or axis != 1 else (1, *shape))
    size = moved[0].size if len(moved) else 0
    for channel in range(len(moved)):
        half = rng.uniform(-1, 1, size // 2) * np.finfo(float).max
        terms = np.concatenate([half, -half, [1.5] * (size % 2)])
        moved[channel] = rng.permutation(terms).reshape(moved[channel].shape)
    return np.ascontiguousarray(np.moveaxis(moved, 0, axis).reshape(shape))


def assert_large_sum(got, terms, like):
    """assert_sum where math.fsum overflows."""
    scale = 2.0**-200
    want, sizes = exact_sum(terms * scale, like)
    assert np.isfinite(got).all()
    assert (np.abs(got * scale - want) <= 0.5 * np.spacing(np.abs(want)) + 2.0**-44 * sizes).all()


def wider(dtype):
    return np.float32 if dtype is np.float16 else dtype


def values_for(name, dtype, lengths=(), seed=0):
    """Values of the parameters of an activation, around usual ones: numbers of the type, or arrays of a shape."""
    rng = np.random.default_rng(seed)
    return {
        p: np.abs(usual + rng.uniform(0, 0.5, lengths)).astype(dtype) * np.sign(usual).astype(dtype)
        for p, usual in zip(table[name], usual_parameters(name), strict=True)
    }


# --- prelu -----------------------------------------------------------------------------------------------------------


@shapes
@each_dtype
def test_prelu_is_leaky_relu(shape, axis, dtype, isa):
    x, weight = make_array(shape, dtype), make_array(channels_of(shape, axis), dtype, 1)
    assert_same(fa.prelu(x, weight, axis), fa.leaky_relu(x, along(weight, shape, axis)))
    if weight.size:
        assert_same(fa.prelu(x, weight[0], axis), fa.leaky_relu(x, weight[0]))
        assert_same(fa.prelu(x, 0.3, axis), fa.leaky_relu(x, 0.3))


@shapes
@each_dtype
def test_prelu_backward(shape, axis, dtype, isa):
    dy, x = make_array(shape, dtype), make_array(shape, dtype, 1)
    for weight in (make_array(channels_of(shape, axis), dtype, 2), np.array([0.3], dtype)):
        shaped = along(weight, shape, axis)
        dx, dweight = fa.prelu.backward(dy, x, weight, axis)
        assert_same(dx, fa.leaky_relu.backward(dy, x, shaped))
        terms = dy.astype(wider(dtype)) * np.minimum(x, 0).astype(wider(dtype))
        assert dweight.shape == weight.shape
        assert_sum(dweight.reshape(shaped.shape), terms, shaped, dtype)


def test_prelu_of_one_dimension_has_one_channel_as_in_pytorch():
    x = np.array([-1.0, 2.0, -4.0])
    for weight in (0.5, np.float64(0.5), np.array(0.5), np.array([0.5])):
        np.testing.assert_array_equal(fa.prelu(x, weight), [-0.5, 2, -2])
        assert fa.prelu(x[0], weight) == -0.5
        assert np.shape(fa.prelu(x[0], weight)) == ()
    with pytest.raises(ValueError, match=r"^weight: "):
        fa.prelu(x, np.ones(3))
    np.testing.assert_array_equal(fa.prelu(x, np.array([0.5, 1, 0.25]), axis=0), [-0.5, 2, -1])


def test_prelu_has_limits():
    x = np.array([[-np.inf, np.inf, np.nan, -0.0]])
    np.testing.assert_array_equal(fa.prelu(x, np.array([0, 0, 0, 0.5])), [[-0.0, np.inf, np.nan, -0.0]])


@pytest.mark.parametrize(
    ("shape", "weights"),
    [((6,), 1), ((20, 5), 5), ((20, 5), 1), ((3, 4, 9, 8), 4), ((2, 3, 40, 30), 3), ((), 1)],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_prelu_against_pytorch(shape, weights, dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    dy, x, weight = make_array(shape, dtype), make_array(shape, dtype, 1), make_array(weights, dtype, 2)
    tensors = [torch.tensor(x, requires_grad=True), torch.tensor(weight, requires_grad=True)]
    y = torch.nn.functional.prelu(*tensors)
    y.backward(torch.tensor(dy))
    dx, dweight = fa.prelu.backward(dy, x, weight)
    np.testing.assert_array_equal(fa.prelu(x, weight), y.detach().numpy())
    np.testing.assert_array_equal(dx, tensors[0].grad.numpy())
    np.testing.assert_allclose(dweight, tensors[1].grad.numpy(), rtol=1e-5 if dtype is np.float32 else 1e-13)


def test_prelu_of_channels_last_against_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    dy, x, weight = make_array((2, 9, 8, 3)), make_array((2, 9, 8, 3), seed=1), make_array(3, seed=2)
    moved = [torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True), torch.tensor(weight, requires_grad=True)]
    y = torch.nn.functional.prelu(*moved)
    y.backward(torch.tensor(np.moveaxis(dy, -1, 1).copy()))
    dx, dweight = fa.prelu.backward(dy, x, weight, axis=-1)
    np.testing.assert_array_equal(np.moveaxis(fa.prelu(x, weight, axis=-1), -1, 1), y.detach().numpy())
    np.testing.assert_array_equal(np.moveaxis(dx, -1, 1), moved[0].grad.numpy())
    np.testing.assert_allclose(dweight, moved[1].grad.numpy(), rtol=1e-5)


@shapes
def test_sums_of_the_largest_numbers(shape, axis, isa):
    dy, x = cancelling(shape, axis), np.ones(shape)
    channels = np.full(channels_of(shape, axis), 0.25)
    dx, dweight = fa.prelu.backward(dy, -x, channels, axis)
    assert_same(dx, 0.25 * dy)
    assert_large_sum(dweight, -dy, along(channels, shape, axis) if channels.size != 1 else channels)
    if len(shape) > 1:
        bias = np.zeros(shape[axis])
        in_place = dy.copy()
        dx, dbias = fa.bias_act.backward(in_place, x, bias, "relu", axis, out=in_place)
        assert_same(dx, dy)
        for total in (dbias, fa.bias_act.backward(dy, x, bias, "relu", axis)[1]):
            assert_large_sum(total, dy, along(bias, shape, axis) if bias.size != 1 else bias)


@large
def test_sums_beside_the_largest_numbers(shape, axis):
    """Other channels keep their bits, and no number of threads changes any."""
    dy, x = make_array(shape, np.float64), np.full(shape, -1.0)
    weight = np.full(channels_of(shape, axis), 0.25)
    if weight.size == 1:
        dy = cancelling(shape, axis)
    plain = fa.prelu.backward(dy, x, weight, axis)[1]
    first = (slice(None),) * (axis % len(shape)) + (0,) if weight.size > 1 else ...
    dy[first] = cancelling(shape, axis)[first]
    with on_threads(1):
        mixed = fa.prelu.backward(dy, x, weight, axis)[1]
    assert np.isfinite(mixed).all()
    assert_same(mixed[1:], plain[1:])
    for threads in (2, 3):
        with on_threads(threads):
            assert_same(fa.prelu.backward(dy, x, weight, axis)[1], mixed)


def test_sums_of_channels_that_share_a_parameter_and_overflow_on_the_way():
    dy = np.full((5, 7, 12), np.finfo(float).max)
    dy[:, 2:5] *= -1
    dy[:, 6] = -1.5
    slope = np.full((5, 1, 12), 0.25)
    dslope = fa.leaky_relu.backward_params(dy, np.full(dy.shape, -1.0), slope)[1]
    assert_large_sum(dslope, -dy, slope)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@shapes
def test_sums_of_special_values_are_special(shape, axis, value):
    dy, weight = np.full(shape, value), np.full(channels_of(shape, axis), 0.25)
    dweight = fa.prelu.backward(dy, np.full(shape, -1.0), weight, axis)[1]
    assert_same(dweight, np.full(weight.shape, -value if dy.size else 0.0))


# --- backward_params -------------------------------------------------------------------------------------------------


def backward_params(name, *operands, **options):
    return _ufuncs.get(name).backward_params(*operands, **options)


def test_parametric_activations_have_it_and_others_have_not():
    assert len(PARAMETRIC) > 8
    for name in table:
        assert hasattr(_ufuncs.get(name), "backward_params") == bool(table[name])


@pytest.mark.parametrize("name", PARAMETRIC)
@each_dtype
def test_backward_params(name, dtype, isa):
    for lengths in [(), (1,), (7, 1), (5, 1, 1), (5, 1, 12), (12,), (5, 7, 12)]:
        assert_backward_params(name, lengths, dtype)


def assert_backward_params(name, lengths, dtype):
    shape = (5, 7, 12)
    dy, x = make_array(shape, dtype), make_array(shape, dtype, 1)
    values = values_for(name, dtype, lengths)
    dx, *gradients = backward_params(name, dy, x, **values)
    assert_same(dx, _ufuncs.get(name, "backward")(dy, x, **values))
    assert len(gradients) == len(values)
    single = [a.astype(wider(dtype)) for a in (dy, x)]
    for (parameter, value), gradient in zip(values.items(), gradients, strict=True):
        wide = {p: v.astype(wider(dtype)) for p, v in values.items()}
        terms = single[0] * _ufuncs.get(name, f"grad_{parameter}")(single[1], **wide)
        assert_sum(gradient, terms, value, dtype)


@pytest.mark.parametrize("name", PARAMETRIC)
@pytest.mark.parametrize("value", [float, np.float32, np.array])
def test_scalar_in_scalar_out(name, value):
    dy, x = make_array(100), make_array(100, seed=1)
    values = [value(v) if value is not np.array else np.array(v, np.float32) for v in usual_parameters(name)]
    dx, *gradients = backward_params(name, dy, x, *values)
    assert_same(dx, _ufuncs.get(name, "backward")(dy, x, *values))
    assert [type(gradient) for gradient in gradients] == [np.float32] * len(values)
    result = backward_params(name, dy[0], x[0], *values)
    assert [type(r) for r in result] == [np.float32] * (1 + len(values))


@pytest.mark.parametrize("name", ["hard_tanh", "threshold"])
def test_parameters_of_different_shapes(name):
    dy, x = make_array((6, 5, 300), np.float64), make_array((6, 5, 300), np.float64, 1)
    p, q = table[name]
    for first, second in [((), (5, 1)), ((6, 1, 1), (300,)), ((1, 1), (5, 300)), ((6, 1, 300), ())]:
        values = {p: np.full(first, 0.25), q: np.full(second, 0.75)}
        dx, *gradients = backward_params(name, dy, x, **values)
        assert_same(dx, _ufuncs.get(name, "backward")(dy, x, **values))
        for parameter, gradient in zip(values, gradients, strict=True):
            terms = dy * _ufuncs.get(name, f"grad_{parameter}")(x, **values)
            assert_sum(gradient, terms, values[parameter], np.float64)


def test_everything_broadcasts():
    x, beta = make_array((4, 1), np.float64), make_array((3, 1, 5), np.float64, 1)
    dx, dbeta = fa.swish.backward_params(2.0, x, beta)
    assert_same(dx, fa.swish.backward(2.0, x, beta))
    np.testing.assert_allclose(dbeta, 2 * fa.swish.grad_beta(x, beta).sum(axis=1, keepdims=True), rtol=1e-14)


@pytest.mark.parametrize("name", PARAMETRIC)
@pytest.mark.parametrize("lengths", [(), (4, 1)], ids=str)
def test_against_difference_quotient(name, lengths):
    """Of the loss sum(dy f(x)), by each parameter; no x is as near to a kink as a step goes."""
    x, step = np.linspace(-6, 6, 1200).reshape(3, 4, 100) + 1e-3, 2.0**-17
    dy = make_array(x.shape, np.float64)
    values = {p: np.full(lengths, v) + 0.011 for p, v in zip(table[name], usual_parameters(name), strict=True)}
    _, *gradients = backward_params(name, dy, x, **values)
    for parameter, gradient in zip(values, gradients, strict=True):
        y = [_ufuncs.get(name)(x, **{**values, parameter: values[parameter] + s * step}) for s in (1, -1)]
        quotient, _ = exact_sum(dy * (y[0] - y[1]) / (2 * step), values[parameter])
        np.testing.assert_allclose(gradient, quotient, rtol=1e-7, atol=1e-6)


def torch_formulas(torch):
    """What PyTorch differentiates; its own functions take no tensors as parameters."""
    where = torch.where
    return {
        "leaky_relu": lambda x, negative_slope: where(x > 0, x, negative_slope * x),
        "hard_tanh": lambda x, min_val, max_val: torch.minimum(torch.maximum(x, min_val), max_val),
        "soft_shrink": lambda x, lambd: torch.sign(x) * torch.relu(x.abs() - lambd),
        "hard_shrink": lambda x, lambd: where(x.abs() > lambd, x, 0 * lambd),
        "threshold": lambda x, threshold, value: where(x > threshold, x, value + 0 * threshold),
        "swish": lambda x, beta: x * torch.sigmoid(beta * x),
        "softplus": lambda x, beta: torch.logaddexp(beta * x, torch.zeros_like(x)) / beta,
        "elu": lambda x, alpha: where(x > 0, x, alpha * torch.expm1(x)),
        "celu": lambda x, alpha: where(x > 0, x, alpha * torch.expm1(x / alpha)),
    }


@pytest.mark.parametrize("name", PARAMETRIC)
@pytest.mark.parametrize("lengths", [(), (6, 1, 1), (9,)], ids=str)
def test_against_pytorch(name, lengths):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    shape = (3, 6, 8, 9)
    dy, x, values = (
        make_array(shape, np.float64),
        make_array(shape, np.float64, 1),
        values_for(name, np.float64, lengths),
    )
    tensors = [torch.tensor(operand, requires_grad=True) for operand in (x, *values.values())]
    torch_formulas(torch)[name](*tensors).backward(torch.tensor(dy))
    for got, tensor in zip(backward_params(name, dy, x, **values), tensors, strict=True):
        np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=1e-11, atol=1e-12)


# --- bias_act --------------------------------------------------------------------------------------------------------


@shapes
@each_dtype
def test_bias_act_is_the_composition(shape, axis, dtype, isa):
    dy, x, bias = make_array(shape, dtype), make_array(shape, dtype, 1), make_array(shape[axis], dtype, 2)
    shaped = bias.reshape([-1 if k == axis % len(shape) else 1 for k in range(len(shape))])
    assert_same(fa.bias_act(x, bias, axis=axis), fa.gelu(x + shaped))
    dx, dbias = fa.bias_act.backward(dy, x, bias, axis=axis)
    assert_same(dx, fa.gelu.backward(dy, x + shaped))
    single = wider(dtype)
    terms = fa.gelu.backward(dy.astype(single), (x + shaped).astype(single))
    assert_sum(dbias.reshape(shaped.shape), terms, shaped, dtype)
    assert dbias.shape == bias.shape


@pytest.mark.parametrize("name", table)
@each_dtype
def test_bias_act_of_every_activation(name, dtype, isa):
    for axis in (0, 1, -1):
        assert_bias_act_is_the_composition(name, axis, dtype)


def assert_bias_act_is_the_composition(name, axis, dtype):
    shape, function = (8, 6, 70), _ufuncs.get(name)
    dy, x, bias = make_array(shape, dtype), make_array(shape, dtype, 1), make_array(shape[axis], dtype, 2)
    shaped = along(bias, shape, axis)
    usual = dict(zip(table[name], usual_parameters(name), strict=True))
    required = {p: usual[p] for p, default in table[name].items() if default is None}
    others = {p: np.float64(OTHER_VALUES.get(p, (2.0,))[0]).item() for p in table[name]}
    for values in (required, usual, others, values_for(name, dtype, shaped.shape), values_for(name, np.float64)):
        assert_same(fa.bias_act(x, bias, name, axis, **values), function(x + shaped, **values))
        dx, dbias = fa.bias_act.backward(dy, x, bias, function, axis, **values)
        assert_same(dx, function.backward(dy, x + shaped, **values))
        single = np.dtype(wider(dx.dtype.type))
        rounded = {p: np.asarray(value, dx.dtype).astype(single) for p, value in (usual | values).items()}
        terms = function.backward(dy.astype(single), (x + shaped).astype(single), **rounded)
        assert_sum(dbias.reshape(shaped.shape), terms, shaped, dx.dtype)


@pytest.mark.parametrize(
    ("x_type", "bias_type"),
    [
        (np.int8, np.int8),
        (bool, bool),
        (np.int32, np.float32),
        (np.float32, np.float64),
        (np.int8, np.float32),
        (np.float16, np.float32),
        (np.float16, np.float64),
        (np.uint8, np.float16),
        (">f4", ">f4"),
    ],
)
def test_bias_act_of_mixed_types(x_type, bias_type):
    x, bias = (make_array((30, 7)) * 3).astype(x_type), make_array(7, seed=1).astype(bias_type)
    assert_same(fa.bias_act(x, bias), fa.gelu(x + bias))
    dy = np.ones(x.shape, np.float16)
    assert_same(fa.bias_act.backward(dy, x, bias)[0], fa.gelu.backward(dy, x + bias))
    assert_same(fa.bias_act(x, bias, "swish", beta=np.float64(1.5)), fa.swish(x + bias, np.float64(1.5)))


@pytest.mark.parametrize("name", table)
def test_gradient_of_bias_against_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functional = torch.nn.functional
    given = getattr(functional, name, None) or getattr(functional, name.replace("_", ""), None)
    formula = torch_formulas(torch).get(name) or (lambda x: given(x)) if name != "gelu_tanh" else None
    if name == "gelu_tanh":
        formula = lambda x: functional.gelu(x, approximate="tanh")  # noqa: E731
    dy, x, bias = make_array((4, 5, 6), np.float64), make_array((4, 5, 6), np.float64, 1), make_array(5, np.float64, 2)
    values = [torch.tensor(v) for v in usual_parameters(name)]
    operands = [torch.tensor(x, requires_grad=True), torch.tensor(bias, requires_grad=True)]
    formula(operands[0] + operands[1].reshape(5, 1), *values).backward(torch.tensor(dy))
    required = dict(zip(table[name], usual_parameters(name), strict=True))
    dx, dbias = fa.bias_act.backward(dy, x, bias, name, 1, **required)
    np.testing.assert_allclose(dx, operands[0].grad.numpy(), rtol=1e-7, atol=1e-12)  # float32 in PyTorch's hardsigmoid
    np.testing.assert_allclose(dbias, operands[1].grad.numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("shape", "axis"), [((4200, 1030), -1), ((2100, 2, 300), 1)], ids=str)
def test_sums_of_many_groups(shape, axis):
    dy, x, bias = make_array(shape), make_array(shape, seed=1), make_array(shape[axis], seed=2)
    dx, dbias = fa.bias_act.backward(dy, x, bias, "relu", axis)
    shaped = along(bias, shape, axis)
    assert_same(dx, fa.relu.backward(dy, x + shaped))
    assert_sum(dbias.reshape(shaped.shape), dx, shaped, np.float32)


# --- Whatever the threads, the instruction set, the layout -----------------------------------------------------------


def all_results(shape, axis, dtype=np.float32, laid_out=np.asarray):
    """Results of everything there is, for arrays put into memory by a function."""
    dy, x = (laid_out(make_array(shape, dtype, seed)) for seed in (0, 1))
    weight = make_array(channels_of(shape, axis), dtype, 2)
    shaped = along(weight, shape, axis)
    results = [
        fa.prelu(x, weight, axis),
        *fa.prelu.backward(dy, x, weight, axis),
        *fa.prelu.backward(dy, x, 0.25, axis),
        *fa.swish.backward_params(dy, x, np.abs(shaped)),
        *fa.hard_tanh.backward_params(dy, x, shaped, 1.5),
        *fa.softplus.backward_params(dy, x),
    ]
    if len(shape) > 1:
        results += [fa.bias_act(x, weight, "silu", axis), *fa.bias_act.backward(dy, x, weight, "tanh", axis)]
        results += fa.bias_act.backward(dy, x, weight, "swish", axis, beta=shaped)
    return tuple(results)


@large
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_change_nothing(shape, axis, dtype):
    with on_threads(1):
        expected = all_results(shape, axis, dtype)
    for count in (2, 3, 7):
        with on_threads(count):
            assert_same(all_results(shape, axis, dtype), expected)


@large
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_instruction_sets_with_fma_agree(shape, axis, dtype):
    isas = [isa for isa in _ufuncs.runnable_isas() if has_fma(isa)]
    if len(isas) < 2:
        pytest.skip("this machine runs one instruction set with FMA at most")
    results = []
    for isa in isas:
        with on_isa(isa):
            results.append(all_results(shape, axis, dtype))
    for result in results[1:]:
        assert_same(result, results[0])


UNWRITABLE = {
    "one row": lambda array: np.broadcast_to(array[-1:], array.shape),
    "one column": lambda array: np.broadcast_to(array[..., :1], array.shape),
    "read-only": read_only,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "axis"), [((9, 5, 6, 3), -1), ((2, 4, 300), 1), ((50, 70), 1)], ids=str)
def test_layouts_change_nothing(layout, shape, axis):
    def laid_out(array):
        if layout in UNWRITABLE:
            return UNWRITABLE[layout](array)
        placed = LAYOUTS[layout](shape, lambda own: np.zeros(own, array.dtype))
        placed[...] = array
        return placed

    expected = all_results(shape, axis, laid_out=lambda array: np.array(laid_out(array), array.dtype, order="C"))
    assert_same(all_results(shape, axis, laid_out=laid_out), expected)


def test_calls_from_many_python_threads():
    inputs = [make_array((500, 300), seed=seed) for seed in range(8)]
    bias = make_array(300)
    expected = [fa.bias_act.backward(x, x, bias) for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        for result, want in zip(pool.map(lambda x: fa.bias_act.backward(x, x, bias), inputs), expected, strict=True):
            assert_same(result, want)


lengths = (
    st.lists(st.integers(0, 40), min_size=1, max_size=4).map(tuple).filter(lambda shape: math.prod(shape) < 40_000)
)


@settings(max_examples=150, deadline=None)
@given(lengths, st.data(), st.sampled_from([np.float32, np.float64]), st.integers(0, 2**32 - 1))
def test_any_shape(shape, data, dtype, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    axis = axis if len(shape) > 1 or axis != 1 else 0
    name = data.draw(st.sampled_from(PARAMETRIC))
    patterns = [data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape))) for _ in table[name]]
    dy, x, weight = (make_array(s, dtype, seed + k) for k, s in enumerate((shape, shape, shape[axis])))
    shaped = weight.reshape([-1 if k == axis % len(shape) else 1 for k in range(len(shape))])
    dx, dweight = fa.prelu.backward(dy, x, weight, axis)
    assert_same(dx, fa.leaky_relu.backward(dy, x, shaped))
    assert_sum(dweight.reshape(shaped.shape), dy * np.minimum(x, 0), shaped, dtype)
    dx, dbias = fa.bias_act.backward(dy, x, weight, "mish", axis)
    assert_same(fa.bias_act(x, weight, "mish", axis), fa.mish(x + shaped))
    assert_same(dx, fa.mish.backward(dy, x + shaped))
    assert_sum(dbias.reshape(shaped.shape), dx, shaped, dtype)
    values = {}
    for p, pattern in zip(table[name], patterns, strict=True):
        own = tuple(length if varies else 1 for length, varies in zip(shape, pattern, strict=True))
        values[p] = values_for(name, dtype, own, seed)[p]
    dx, *gradients = backward_params(name, dy, x, **values)
    assert_same(dx, _ufuncs.get(name, "backward")(dy, x, **values))
    for p, gradient in zip(values, gradients, strict=True):
        assert_sum(gradient, dy * _ufuncs.get(name, f"grad_{p}")(x, **values), values[p], dtype)


# --- out -------------------------------------------------------------------------------------------------------------


def calls_with_out(dy, x, weight):
    """Name -> a call that takes out and returns its first result; arrays are (n, channels)."""
    return {
        "prelu": lambda out=None: fa.prelu(x, weight, out=out),
        "prelu.backward": lambda out=None: fa.prelu.backward(dy, x, weight, out=out),
        "prelu.backward of one": lambda out=None: fa.prelu.backward(dy, x, 0.25, out=out),
        "backward_params": lambda out=None: fa.swish.backward_params(dy, x, weight, out=out),
        "backward_params of two": lambda out=None: fa.hard_tanh.backward_params(dy, x, -0.5, weight, out=out),
        "bias_act": lambda out=None: fa.bias_act(x, weight, out=out),
        "bias_act.backward": lambda out=None: fa.bias_act.backward(dy, x, weight, out=out),
    }


CALLS = list(calls_with_out(None, None, None))
each_call = pytest.mark.parametrize("call", CALLS)


def fresh(shape=(3000, 60)):
    return make_array(shape), make_array(shape, seed=1), np.abs(make_array(shape[1], seed=2))


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


@each_call
@pytest.mark.parametrize("place", ["dy", "x"])
@pytest.mark.parametrize("threads", [1, 2])
def test_in_place(call, place, threads):
    if place == "dy" and call in ("prelu", "bias_act"):
        place = "x"
    with on_threads(threads):
        expected = as_tuple(calls_with_out(*fresh())[call]())
        dy, x, weight = fresh()
        out = {"dy": dy, "x": x}[place]
        result = as_tuple(calls_with_out(dy, x, weight)[call](out))
    assert result[0] is out
    assert_same(result, expected)


@each_call
@pytest.mark.parametrize(
    "make",
    [
        lambda like: np.empty(like.shape, like.dtype),
        lambda like: np.empty(like.shape, like.dtype, order="F"),
        lambda like: np.empty((like.shape[0], 2 * like.shape[1]), like.dtype)[:, ::2],
        lambda like: np.empty(like.shape, like.dtype).astype(">f4"),
        lambda like: np.empty(like.shape, np.float64),
        lambda like: np.empty(like.shape, np.float16),
    ],
    ids=["C", "F", "strided", "swapped", "wider", "narrower"],
)
def test_out_of_any_kind(call, make):
    expected = as_tuple(calls_with_out(*fresh())[call]())
    out = make(expected[0])
    result = as_tuple(calls_with_out(*fresh())[call](out))
    assert result[0] is out
    np.testing.assert_array_equal(out, expected[0].astype(out.dtype))
    assert_same(result[1:], expected[1:])


@each_call
@pytest.mark.parametrize("shift", [-60, -1, 1, 60, 4000])
def test_out_that_runs_into_an_input(call, shift):
    dy, x, weight = fresh()
    expected = as_tuple(calls_with_out(dy, x, weight)[call]())
    memory = np.zeros(x.size + 2 * abs(shift), np.float32)
    source = memory[abs(shift) :][: x.size].reshape(x.shape)
    out = memory[abs(shift) + shift :][: x.size].reshape(x.shape)
    source[...] = x
    result = as_tuple(calls_with_out(dy, source, weight)[call](out))
    assert_same((out.copy(), *result[1:]), expected)


def test_out_that_holds_the_parameters():
    dy, x, weight = fresh((300, 60))
    for shape in ((300, 60), (1, 60)):
        expected = fa.prelu.backward(dy[: shape[0]], x[: shape[0]], weight), fa.bias_act(x[: shape[0]], weight)
        out = np.empty(shape, np.float32)
        out[-1] = weight
        assert_same(fa.prelu.backward(dy[: shape[0]], x[: shape[0]], out[-1], out=out), expected[0])
        out[-1] = weight
        assert_same(fa.bias_act(x[: shape[0]], out[-1], out=out), expected[1])


# --- The floating-point environment ----------------------------------------------------------------------------------

environment = pytest.mark.skipif(FLAGS is None or fenv is None, reason="knows fenv.h on x86-64 and AArch64 only")


def extreme(shape, seed):
    """Numbers of any size, among them subnormal ones and infinities; sums of them leave float32."""
    rng = np.random.default_rng(seed)
    x = rng.choice([-1, 1], shape) * np.exp2(rng.uniform(-150, 128, shape))
    with np.errstate(all="ignore"):
        return np.where(rng.random(shape) < 0.001, rng.choice([np.inf, -np.inf, np.nan], shape), x).astype(np.float32)


def extreme_calls(dtype=np.float32):
    dy, x = (extreme((400, 700), seed) for seed in (0, 1))
    with np.errstate(all="ignore"):
        dy, x, weight = dy.astype(dtype), x.astype(dtype), np.abs(extreme(700, 2)).astype(dtype)
    return calls_with_out(dy, x, weight)


@environment
@each_call
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_flags_are_as_found_and_nothing_is_warned_of(call, dtype):
    function = extreme_calls(dtype)[call]
    with on_threads(2):
        for before in (0, FLAGS["underflow"], ALL_FLAGS):
            after = flags_after(function, before)
            assert named(after) == named(before)


@environment
@each_call
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rounding_mode_changes_nothing(call, dtype):
    function = extreme_calls(dtype)[call]
    with on_threads(2):
        want = function()
        for mode in MODES.values():
            with rounding(mode):
                got = function()
                kept = rounding_mode()
            assert kept == mode
            assert_same(got, want)


@environment
@glibc_only
@each_call
def test_flush_to_zero_changes_nothing(call):
    function = extreme_calls()[call]
    with on_threads(2):
        want = function()
        with flushing_to_zero():
            got = function()
            kept = flushes_to_zero()
    assert kept
    assert_same(got, want)


# --- Refusals --------------------------------------------------------------------------------------------------------

X = np.ones((4, 3), np.float32)
ROW = np.ones(3, np.float32)
REFUSED = [
    (lambda out: fa.prelu(X, np.ones(4), out=out), ValueError, "weight: "),
    (lambda out: fa.prelu(X, np.ones((1, 3)), out=out), ValueError, "weight: "),
    (lambda out: fa.prelu(X, np.ones(3), axis=0, out=out), ValueError, "weight: "),
    (lambda out: fa.prelu(X, ROW, axis=2, out=out), ValueError, "axis: "),
    (lambda out: fa.prelu(X, ROW, axis=1.0, out=out), TypeError, "axis: "),
    (lambda out: fa.prelu(X, "a", out=out), TypeError, "weight: "),
    (lambda out: fa.prelu(X, None, out=out), TypeError, "weight: "),
    (lambda out: fa.prelu(X * 1j, ROW, out=out), TypeError, "x: "),
    (lambda out: fa.prelu([[1, 2], [3]], ROW, out=out), ValueError, "x: "),
    (lambda out: fa.prelu(X.astype(np.float64), ROW, out=np.empty(X.shape, np.int32)), TypeError, "out: "),
    (lambda out: fa.prelu(X, ROW, out=out[:2]), ValueError, "out: "),
    (lambda out: fa.prelu(X, ROW, out=read_only(out)), ValueError, "out: "),
    (lambda out: fa.prelu(X, ROW, out=[1]), TypeError, "out: "),
    (lambda out: fa.prelu.backward(X[:, :2], X, ROW, out=out), ValueError, r"dy \(4, 2\), x \(4, 3\)"),
    (lambda out: fa.prelu.backward("a", X, ROW, out=out), TypeError, "dy: "),
    (lambda out: fa.prelu.backward(X, X, np.ones(2), out=out), ValueError, "weight: "),
    (lambda out: fa.swish.backward_params(X, X, ROW[:2], out=out), ValueError, r"beta \(2,\)"),
    (lambda out: fa.swish.backward_params(X, X, "a", out=out), TypeError, "beta: "),
    (lambda out: fa.swish.backward_params(X, X.astype(object), out=out), TypeError, "x: "),
    (lambda out: fa.swish.backward_params(X, np.ones(X.shape, np.longdouble), out=out), TypeError, "x: "),
    (lambda out: fa.swish.backward_params(X, X, alpha=1, out=out), TypeError, "alpha"),
    (lambda out: fa.swish.backward_params(X, out=out), TypeError, "x"),
    (lambda out: fa.threshold.backward_params(X, X, 1.0, out=out), TypeError, "value"),
    (lambda out: fa.bias_act(X, ROW[:2], out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, ROW[:1], out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, 1.0, out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, ROW, axis=0, out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, ROW, axis=-3, out=out), ValueError, "axis: "),
    (lambda out: fa.bias_act(1.0, ROW), ValueError, "axis: "),
    (lambda out: fa.bias_act(X, ROW, "gelo", out=out), ValueError, "activation: .*'gelu'"),
    (lambda out: fa.bias_act(X, ROW, "?", out=out), ValueError, "activation: .*relu.*gelu_tanh"),
    (lambda out: fa.bias_act(X, ROW, np.exp, out=out), ValueError, "activation: exp "),
    (lambda out: fa.bias_act(X, ROW, fa.silu.grad, out=out), ValueError, "activation: silu.grad "),
    (lambda out: fa.bias_act(X, ROW, None, out=out), TypeError, "activation: "),
    (lambda out: fa.bias_act(X, ROW, "relu", gamma=1, out=out), TypeError, "gamma: relu .* none"),
    (lambda out: fa.bias_act(X, ROW, "swish", gamma=1, out=out), TypeError, "gamma: swish .* beta"),
    (lambda out: fa.bias_act(X, ROW, "swish", alpha=1, out=out), TypeError, "'alpha'; write beta="),
    (lambda out: fa.bias_act(X, ROW, "threshold", value=1, out=out), TypeError, "threshold: "),
    (lambda out: fa.bias_act(X, ROW, "swish", beta="a", out=out), TypeError, "beta: "),
    (lambda out: fa.bias_act(X, ROW, "swish", beta=np.ones(2), out=out), ValueError, r"beta \(2,\)"),
    (lambda out: fa.bias_act(X, ROW.astype(complex), out=out), TypeError, "bias: "),
    (lambda out: fa.bias_act.backward(X[:3], X, ROW, out=out), ValueError, r"dy \(3, 3\)"),
    (lambda out: fa.bias_act.backward(X, X, ROW, out=out.astype(np.complex64)[:1]), ValueError, "out: "),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_bad_input_is_named_and_nothing_is_written(call, error, message):
    out = np.full(X.shape, 7, np.float32)
    with pytest.raises(error, match=message):
        call(out)
    assert (out == 7).all()


# --- Documentation ---------------------------------------------------------------------------------------------------

SECTIONS = ["Parameters", "Returns", "Raises", "Notes", "Examples"]
DOCUMENTED = [fa.prelu, fa.prelu.backward, fa.bias_act, fa.bias_act.backward]
DOCUMENTED += [_ufuncs.get(name).backward_params for name in PARAMETRIC]
documented = pytest.mark.parametrize("function", DOCUMENTED, ids=lambda function: function.__qualname__)


@documented
def test_examples_of_docstrings_run(function):
    assert run_examples(function.__doc__) >= 4


@documented
def test_docstrings_have_their_sections(function):
    lines = inspect.getdoc(function).splitlines()
    titles = [title for title, line in pairwise(lines) if line and line == "-" * len(title)]
    assert [title for title in titles if title != "References"] == SECTIONS
    assert "{" not in function.__doc__


@documented
def test_functions_can_be_pickled(function):
    assert pickle.loads(pickle.dumps(function)) is function


def test_axis_of_a_vector_has_to_be_an_int():
    with pytest.raises(TypeError, match="axis: an int is needed, not float"):
        fa.prelu(np.ones(3), 0.5, axis=1.5)


ROWS, ALONG = make_array((6, 4)), make_array(4, seed=1)


@pytest.mark.parametrize(
    ("x", "weight", "axis", "out"),
    [
        (ROWS[:, ::-1], ALONG, 1, None),
        (ROWS.T, ALONG, 1, None),
        (ROWS.astype(">f4"), ALONG, 1, None),
        (ROWS.astype(np.float16), ALONG.astype(np.float16), 1, None),
        (ROWS.tolist(), ALONG, 1, None),
        (np.ma.masked_array(ROWS), ALONG, 1, None),
        (ROWS, ALONG.astype(np.float64), 1, None),
        (ROWS, ALONG[::-1], 1, None),
        (ROWS, ALONG[:3], 1, None),
        (ROWS, ALONG, 0, None),
        (ROWS, ALONG, 2, None),
        (ROWS, ALONG, True, None),
        (ROWS, True, 1, None),
        (ROWS, np.float64(1), 1, None),
        (ROWS, ALONG, 1, np.empty((6, 5), np.float32)),
        (ROWS, ALONG, 1, np.empty((6, 4))),
        (ROWS, ALONG, 1, np.broadcast_to(np.float32(0), (6, 4))),
    ],
)
def test_what_is_not_plain_is_prepared(x, weight, axis, out):
    assert _channels.prelu(_channels.FORWARD, None, x, weight, axis, out) is None


def test_one_weight_for_a_vector_needs_no_preparation():
    for weight in (0.25, np.float32(0.25), np.array(0.25, np.float32), np.array([0.25], np.float32)):
        x, dy = ROWS[0], ROWS[1]
        result = _channels.prelu(_channels.FORWARD, None, x, weight, 1, None)
        assert_same(result, fa.leaky_relu(x, np.float32(0.25)))
        dx, dweight = _channels.prelu(_channels.BACKWARD_PARAMETERS, dy, x, weight, 1, None)
        prepared = fa.prelu.backward(dy, np.repeat(x, 2)[::2], weight)
        assert_same(dx, prepared[0])
        assert_same(dweight, prepared[1])
    for weight in (ALONG, np.array([[0.25]], np.float32)):
        assert _channels.prelu(_channels.FORWARD, None, x, weight, 1, None) is None


def test_arguments_of_backward_params_are_sorted_by_python(monkeypatch):
    """Not by an inspect.Signature, which takes as long as ten calls on a few elements."""

    def refuse(*_arguments, **_keywords):
        raise AssertionError("a signature is bound")

    x, dy = ROWS[:, ::-1], ROWS
    expected = backward_params("hard_tanh", dy, x.copy(), -0.5, 0.5)
    monkeypatch.setattr(inspect.Signature, "bind", refuse)
    for result in (
        backward_params("hard_tanh", dy, x, -0.5, 0.5),
        backward_params("hard_tanh", dy, x, max_val=0.5, min_val=-0.5, out=np.empty_like(ROWS)),
        backward_params("hard_tanh", dy, x, -0.5, max_val=0.5),
    ):
        for got, want in zip(result, expected, strict=True):
            assert_same(got, want)


def test_what_is_plain_needs_no_preparation():
    for axis, weight in ((1, ALONG), (-1, ALONG), (0, make_array(6, seed=1))):
        result = _channels.prelu(_channels.FORWARD, None, ROWS, weight, axis, None)
        assert_same(result, fa.leaky_relu(ROWS, weight if axis else weight[:, None]))
