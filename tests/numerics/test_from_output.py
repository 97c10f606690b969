"""The gradient from the output is that from the input, as far as the output tells the input; and that of PyTorch."""

import numpy as np
import pytest
from conftest import FROM_OUTPUT, WIDE_TYPES, WIDER, same_bits, usual_parameters

import fastact as fa
from fastact import _ufuncs
from fastact._cli._spellings import SELU_ALPHA, SELU_SCALE

OTHER_PARAMETERS = {"softplus": [(0.5,), (-2.0,)], "elu": [(0.3,), (2.5,)], "celu": [(0.3,), (2.5,)]}
CASES = [
    (name, parameters)
    for name in FROM_OUTPUT
    for parameters in (usual_parameters(name), *OTHER_PARAMETERS.get(name, ()))
]
every_case = pytest.mark.parametrize(("name", "parameters"), CASES)
every_type = pytest.mark.parametrize("dtype", WIDE_TYPES)


def moderate(dtype):
    """Numbers for which no output has come near a limit, down to small ones."""
    rng = np.random.default_rng(0)
    small = rng.choice([-1, 1], 1000) * np.exp2(rng.uniform(-30, 0, 1000))
    return np.concatenate([rng.uniform(-8, 8, 3000), small]).astype(dtype)


@every_case
@every_type
def test_it_is_the_gradient_from_the_input(name, parameters, dtype, isa):
    """They differ by no more than their own errors, and what that of y comes to."""
    x, parameters = moderate(dtype), [dtype(value) for value in parameters]
    dy = np.random.default_rng(1).permutation(x)
    y = _ufuncs.get(name)(x, *parameters)
    from_output = _ufuncs.get(name, "backward_from_output")
    got, want = from_output(dy, y, *parameters), _ufuncs.get(name, "backward")(dy, x, *parameters)
    forward, grad, own = (_ufuncs.error_bound(name, o, dtype) for o in ("forward", "grad", "backward_from_output"))
    off = (forward + 1) * np.spacing(np.abs(y)).astype(WIDER[dtype])
    less, slope, more = (from_output.reference(1, y + shift, *parameters) for shift in (-off, 0, off))
    allowed = np.abs(more - less) + (grad + own + 2) * np.spacing(np.abs(slope).astype(dtype))
    assert (np.abs(got.astype(WIDER[dtype]) - want) <= np.abs(dy) * allowed).all()


@every_case
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_training_step_keeps_one_array(name, parameters, dtype, isa):
    """Forward in place, and backward into the upstream gradient."""
    x, parameters = moderate(dtype), [dtype(value) for value in parameters]
    dy = np.random.default_rng(1).permutation(x)
    want = _ufuncs.get(name, "backward_from_output")(dy, _ufuncs.get(name)(x, *parameters), *parameters)
    y = _ufuncs.get(name)(x, *parameters, out=x)
    dx = _ufuncs.get(name, "backward_from_output")(dy, y, *parameters, out=dy)
    assert y is x
    assert dx is dy
    assert same_bits(dx, want)


def test_there_is_no_gradient_where_the_output_has_reached_its_limit(isa):
    """The price that the documentation states: from the input, there is one."""
    x, one = np.float32(20), np.float32(1)
    for function in (fa.sigmoid, fa.tanh):
        assert function(x) == 1
        assert function.backward_from_output(one, function(x)) == 0
        assert function.backward(one, x) > 0
    assert fa.elu.backward_from_output(one, fa.elu(-x)) == 0 < fa.elu.backward(one, -x)


def test_there_is_none_where_the_output_does_not_tell_the_input():
    for name in _ufuncs.table.keys() - FROM_OUTPUT:
        assert not hasattr(getattr(fa, name), "backward_from_output")
        with pytest.raises(ValueError, match=f"operation: {name} has no 'backward_from_output'"):
            _ufuncs.get(name, "backward_from_output")


@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_what_pytorch_computes_from_the_output(name, parameters, dtype, isa):
    """By aten's kernels, where they take the output; else from x, by automatic differentiation."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    aten, functional = torch.ops.aten, torch.nn.functional
    x = moderate(dtype)
    y = _ufuncs.get(name)(x, *parameters)
    dy = np.random.default_rng(1).permutation(x)
    operands = torch.from_numpy(dy), torch.from_numpy(y)
    alpha = parameters[0] if parameters else None
    kernels = {
        "sigmoid": lambda dy, y: aten.sigmoid_backward(dy, y),
        "tanh": lambda dy, y: aten.tanh_backward(dy, y),
        "elu": lambda dy, y: aten.elu_backward(dy, alpha, 1, 1, True, y),
        "selu": lambda dy, y: aten.elu_backward(dy, SELU_ALPHA, SELU_SCALE, 1, True, y),
        "celu": lambda dy, y: aten.elu_backward(dy, alpha, 1, 1 / alpha, True, y),
    }
    if name in kernels:
        want = kernels[name](*operands)
    else:
        operand = torch.from_numpy(x).requires_grad_()
        function = {"log_sigmoid": functional.logsigmoid, "softplus": functional.softplus}[name]
        function(operand, *parameters).backward(operands[0])
        want = operand.grad
    got = _ufuncs.get(name, "backward_from_output")(dy, y, *parameters)
    tolerance = 16 * np.finfo(dtype).eps
    np.testing.assert_allclose(got, want.numpy(), rtol=tolerance, atol=tolerance * np.abs(dy).max())
