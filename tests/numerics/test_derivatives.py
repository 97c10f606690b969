"""Derivatives are those of the functions: numerically, and as SciPy and PyTorch define the functions."""

import numpy as np
import pytest
from conftest import DERIVATIVES, bends, parameter_sets, usual_parameters

from fastact import _ufuncs
from fastact._ufuncs import table

STEP = 2.0**-10  # times the length over which a function changes
TOLERANCE = 2e-11  # of a difference quotient of fourth order in float64
GRID = np.linspace(-12, 12, 4001)
ENDS = {("soft_shrink", "grad_lambd"): (0.0,)}  # of a domain, from which a step leads out of it


def away_from_kinks(x, kinks):
    return x[(np.abs(x - kinks[:, np.newaxis]) > 3 * STEP).all(axis=0)]


def difference_quotient(function, x, parameters, variable):
    """Of fourth order, by x (variable 0) or by a parameter."""
    step = STEP / max([1, *np.abs(parameters), *(1 / abs(p) for p in parameters if p)])

    def shifted(steps):
        operands = [x, *parameters]
        operands[variable] = operands[variable] + steps * step
        return function(*operands)

    return (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)


@pytest.mark.parametrize("case", DERIVATIVES)
def test_against_difference_quotient(case, isa):
    name, operation = case
    variable = ["grad", *(f"grad_{parameter}" for parameter in table[name])].index(operation)
    for parameters in parameter_sets(name, np.float64):
        if parameters == ENDS.get(case):
            continue
        x = away_from_kinks(GRID, bends(name, parameters))
        assert x.size > GRID.size / 2
        got = _ufuncs.get(*case)(x, *parameters)
        want = difference_quotient(_ufuncs.get(name), x, parameters, variable)
        scale = 1 + np.abs(x) ** 2 + np.abs(want)
        assert (np.abs(got - want) / scale).max() < TOLERANCE, parameters


@pytest.mark.parametrize("name", table)
def test_against_pytorch(name):
    """Values and derivatives, kinks included, by PyTorch's own differentiation."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functional = torch.nn.functional
    options = {}
    if name == "gelu_tanh":
        function, options = functional.gelu, {"approximate": "tanh"}
    else:
        function = getattr(functional, name, None) or getattr(functional, name.replace("_", ""), None)
    if function is None:
        pytest.skip(f"PyTorch has no {name}")
    parameters = usual_parameters(name)
    x = np.concatenate([np.linspace(-8, 8, 161), [-0.0]])
    operand = torch.tensor(x, requires_grad=True)
    value = function(operand, *map(float, parameters), **options)
    value.sum().backward()
    got = _ufuncs.get(name, "value_and_grad")(x, *parameters)
    np.testing.assert_allclose(got[0], value.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(got[1], operand.grad.numpy(), rtol=1e-7, atol=1e-14)  # float32 in hard_sigmoid


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("sigmoid", lambda x, special: special.expit(x)),
        ("silu", lambda x, special: x * special.expit(x)),
        ("log_sigmoid", lambda x, special: special.log_expit(x)),
        ("softplus", lambda x, special: special.softplus(x)),
        ("mish", lambda x, special: x * np.tanh(special.softplus(x))),
        ("gelu", lambda x, special: x * special.ndtr(x)),
        ("elu", lambda x, special: np.where(x > 0, x, special.expm1(x))),
    ],
)
def test_against_scipy(name, definition):
    special = pytest.importorskip("scipy.special", reason="SciPy is not installed")
    np.testing.assert_allclose(_ufuncs.get(name)(GRID), definition(GRID, special), rtol=1e-13)
