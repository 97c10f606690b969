"""What the tests of layers call: shapes, channels, values, exact sums."""

import math

import numpy as np
import pytest
from conftest import usual_parameters
from hypothesis import strategies as st

import fastact as fa
from fastact import _ufuncs
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


def wider(dtype):
    return np.float32 if dtype is np.float16 else dtype


def values_for(name, dtype, lengths=(), seed=0):
    """Values of the parameters of an activation, around usual ones: numbers of the type, or arrays of a shape."""
    rng = np.random.default_rng(seed)
    return {
        p: np.abs(usual + rng.uniform(0, 0.5, lengths)).astype(dtype) * np.sign(usual).astype(dtype)
        for p, usual in zip(table[name], usual_parameters(name), strict=True)
    }


def backward_params(name, *operands, **options):
    return _ufuncs.get(name).backward_params(*operands, **options)


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


lengths = (
    st.lists(st.integers(0, 40), min_size=1, max_size=4).map(tuple).filter(lambda shape: math.prod(shape) < 40_000)
)
DOCUMENTED = [fa.prelu, fa.prelu.backward, fa.bias_act, fa.bias_act.backward]
DOCUMENTED += [_ufuncs.get(name).backward_params for name in PARAMETRIC]
