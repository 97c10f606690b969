"""Hostile calls: outputs larger than the inputs and running into them, odd layouts, exceptions halfway."""

import numpy as np
import pytest
from calls import assert_same
from conftest import on_threads
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy._core.multiarray import get_handler_name

import fastact as fa

TYPES = ["<f4", ">f4", "<f8", ">f8", "f2", "i4", "?"]


@pytest.fixture(autouse=True)
def handler_stays_numpys():
    yield
    assert get_handler_name() == "default_allocator"


def make_view(data, base):
    """Draw a view of at most two dimensions: shifted, stepped, reversed, transposed."""
    slices = tuple(
        slice(data.draw(st.integers(0, 2)), None, data.draw(st.sampled_from([1, 2, 3])))
        if data.draw(st.booleans())
        else slice(None, None, -1)
        for _ in range(base.ndim)
    )
    view = base[slices]
    return view.T if data.draw(st.booleans()) else view


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data(), long=st.booleans())
def test_any_layout_and_any_overlap(data, long):
    base = np.linspace(-5, 5, 60_000 if long else 60).astype(data.draw(st.sampled_from(TYPES))).reshape(6, -1)
    x = make_view(data, base)
    want = fa.silu(x.astype(x.dtype.newbyteorder("="), order="C"))
    with on_threads(2):
        assert_same(fa.silu(x), want)
        if base.dtype.kind != "f":
            return
        shifted = base[:, 1:] if data.draw(st.booleans()) else base[1:]
        source = base[: shifted.shape[0], : shifted.shape[1]]
        want = fa.silu(source.astype(base.dtype.newbyteorder("="), order="C"))
        outside = base.copy()
        fa.silu(source, out=shifted)
        assert_same(shifted.astype(want.dtype), want)
        shifted[...] = outside[base.shape[0] - shifted.shape[0] :, base.shape[1] - shifted.shape[1] :]
        assert_same(base, outside)


@pytest.mark.parametrize("function", [fa.silu, fa.softmax, fa.swiglu, lambda x: fa.prelu(x, 0.1)])
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, MemoryError])
def test_exceptions_of_an_operand_come_through(function, error):
    class Raises:
        def __array__(self, dtype=None, copy=None):
            raise error

    with pytest.raises(error):
        function(Raises())
