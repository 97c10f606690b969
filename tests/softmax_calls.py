"""Softmax and its relatives by name, in the tests of them: what they are called with, and SciPy's."""

import numpy as np
import pytest
from conftest import repetitions

import fastact as fa

FLOATS = [np.float16, np.float32, np.float64]
MAPS = ["softmax", "log_softmax", "softmin"]
FUNCTIONS = [*MAPS, "logsumexp"]
TOLERANCE = {np.float16: 2e-3, np.float32: 1e-6, np.float64: 1e-14}
every_function = pytest.mark.parametrize("name", FUNCTIONS)
every_map = pytest.mark.parametrize("name", MAPS)
each_float = pytest.mark.parametrize("dtype", FLOATS)
single_and_double = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def call(name, x, **options):
    return getattr(fa, name)(x, **options)


def draw(shape, dtype, seed=0, scale=5):
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(dtype)


# --- Bounds ----------------------------------------------------------------------------------------------------------


LONG = repetitions(20_000, 100_000)


# --- Masks -----------------------------------------------------------------------------------------------------------


def masked(x, share, value=-np.inf, seed=3):
    """A copy with a share of the entries, drawn by chance, replaced; the first of each row stays."""
    where = np.random.default_rng(seed).random(x.shape) < share
    where[..., 0] = False
    return np.where(where, x.dtype.type(value), x)


# --- As functions ----------------------------------------------------------------------------------------------------


ALL = [getattr(fa, name) for name in FUNCTIONS] + [getattr(fa, name).backward for name in MAPS]
every_operation = pytest.mark.parametrize("function", ALL, ids=[function.__qualname__ for function in ALL])
