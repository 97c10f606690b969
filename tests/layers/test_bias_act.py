"""bias_act and its gradients are the composition of the sum and the activation."""

import numpy as np
import pytest
from calls import assert_same, make_array
from conftest import OTHER_VALUES, usual_parameters
from layer_calls import along, assert_sum, each_dtype, shapes, torch_formulas, values_for, wider

import fastact as fa
from fastact import _ufuncs
from fastact._ufuncs import table


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
