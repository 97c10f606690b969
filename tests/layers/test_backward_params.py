"""backward_params: gradients by x and by parameters of any shape."""

import numpy as np
import pytest
from calls import assert_same, make_array
from conftest import usual_parameters
from layer_calls import (
    PARAMETRIC,
    assert_sum,
    backward_params,
    each_dtype,
    exact_sum,
    torch_formulas,
    values_for,
    wider,
)

import fastact as fa
from fastact import _ufuncs
from fastact._ufuncs import table


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
