"""Softmax and its relatives: layouts, threads, instruction sets and given outputs change no bit."""

import itertools
import tracemalloc

import numpy as np
import pytest
from calls import LAYOUTS, assert_same
from conftest import on_isa, on_threads
from hypothesis import given, settings
from hypothesis import strategies as st
from softmax_calls import FLOATS, FUNCTIONS, TOLERANCE, call, draw, each_float, every_function, every_map, masked

import fastact as fa
from fastact import _ufuncs
from fastact._cli._errors import has_fma
from fastact._cli._layer_errors import LENGTHS

# --- Layouts, places, threads, instruction sets ----------------------------------------------------------------------


@every_function
@each_float
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_changes_no_bit(name, dtype, layout):
    for shape in ((6, 70, 35), (9, 10, 3)):
        x = LAYOUTS[layout](shape, lambda shape: draw(shape, dtype))
        plain = np.array(x, dtype, order="C")
        for axis in (0, 1, 2, (0, 1), (0, 2), (1, 2), None):
            assert_same(np.asarray(call(name, x, axis=axis)), np.asarray(call(name, plain, axis=axis)))


@every_function
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", LENGTHS)
def test_rows_and_columns_have_the_same_bits(name, dtype, n):
    """Rows, columns in tiles, in blocks, gathered ones, and a row by itself."""
    x = draw((90, n), dtype)
    rows = call(name, x, axis=1)
    assert_same(call(name, x.T.copy(), axis=0).T, rows)
    assert_same(call(name, np.repeat(x[:, :, None], 3, 2), axis=1)[..., 1], rows)
    for r in (0, 41, 89):
        assert_same(np.asarray(call(name, x[r], axis=-1)), np.asarray(rows[r]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", LENGTHS)
@every_map
def test_gradients_of_rows_and_columns_have_the_same_bits(name, dtype, n):
    dy, y = draw((50, n), dtype, 1), call(name, draw((50, n), dtype, 2))
    backward = getattr(fa, name).backward
    rows = backward(dy, y)
    assert_same(backward(dy.T.copy(), y.T.copy(), axis=0).T, rows)
    assert_same(backward(np.asfortranarray(dy), y), rows)
    assert_same(backward(dy[17], y[17]), rows[17])


LARGE = [((2000, 60), -1), ((3000, 10), -1), ((3, 40_000), -1), ((300, 500), 0), ((7, 21, 1100), 1), ((900, 30, 5), 1)]


@every_function
@each_float
@pytest.mark.parametrize(("shape", "axis"), LARGE)
def test_threads_change_no_bit(name, dtype, shape, axis):
    x = draw(shape, dtype)
    with on_threads(1):
        expected = call(name, x, axis=axis)
    for count in (2, 3):
        with on_threads(count):
            assert_same(call(name, x, axis=axis), expected)


@every_function
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_avx2_and_avx512_have_the_same_bits(name, dtype):
    with_fma = [isa for isa in _ufuncs.runnable_isas() if has_fma(isa)]
    if len(with_fma) < 2:
        pytest.skip("this machine does not run two of them")
    for shape in ((40, 10), (5, 1000), (70, 100)):
        for scale in (1, 100):
            x = draw(shape, dtype, scale=scale)
            for operand, axis in itertools.product((x, masked(x, 0.5)), (0, 1)):
                results = []
                for isa in with_fma:
                    with on_isa(isa):
                        results.append(call(name, operand, axis=axis))
                assert_same(results[0], results[1])


def test_kinds_of_result_layout():
    x = draw((4, 5, 6), np.float32)
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]):
        given = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
        for axis in (0, 1, 2, (0, 1), None):
            assert fa.softmax(given, axis=axis).strides == np.exp(given).strides == given.strides


def peak_over(call):
    """Return how many bytes a call takes at most at a time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@every_map
@pytest.mark.parametrize("layout", ["every second column", "backwards", "unaligned"])
def test_what_is_not_contiguous_is_copied_once(name, layout):
    x = LAYOUTS[layout]((300, 400), lambda shape: np.ones(shape, np.float32))
    out = np.empty(x.shape, np.float32)
    made = {"softmin": 2}.get(name, 1)  # softmin's first is of -x
    assert peak_over(lambda: call(name, x, axis=0, out=out)) < (made + 0.5) * x.nbytes


# --- out -------------------------------------------------------------------------------------------------------------


@every_map
@pytest.mark.parametrize("axis", [0, -1, None])
@pytest.mark.parametrize(
    "layout", ["contiguous", "fortran", "every second column", "backwards", "byte-swapped", "unaligned"]
)
def test_out(name, axis, layout):
    x = draw((40, 70), np.float32)
    expected = call(name, x, axis=axis)
    out = LAYOUTS[layout](x.shape, lambda shape: np.zeros(shape, np.float32))
    assert call(name, x, axis=axis, out=out) is out
    assert_same(out.astype(np.float32), expected)
    wide = np.zeros(x.shape)
    assert call(name, x, axis=axis, out=wide) is wide
    assert_same(wide, expected.astype(np.float64))


@every_map
@each_float
@pytest.mark.parametrize("axis", [0, -1, None])
def test_in_place(name, dtype, axis):
    for shape in ((40, 70), (9, 10)):
        x = draw(shape, dtype)
        expected = call(name, x, axis=axis)
        assert call(name, x, axis=axis, out=x) is x
        assert_same(x, expected)


@every_map
@pytest.mark.parametrize("shift", [-70, -1, 1, 70])
def test_overlapping_out(name, shift):
    memory = draw(70 * 40 + 140, np.float32)
    x, out = (memory[start:][: 70 * 40].reshape(40, 70) for start in (70, 70 + shift))
    expected = call(name, x)
    call(name, x, out=out)
    assert_same(out.copy(), expected)
    square = draw((30, 30), np.float32)
    expected = call(name, square)
    call(name, square, out=square.T)
    assert_same(square.T.copy(), expected)


@every_map
def test_gradient_in_place(name):
    for shape in ((40, 70), (9, 10)):
        dy, y = draw(shape, np.float32, 1), call(name, draw(shape, np.float32, 2))
        backward = getattr(fa, name).backward
        expected = backward(dy, y)
        for place in (0, 1):
            operands = [dy.copy(), y.copy()]
            assert backward(*operands, out=operands[place]) is operands[place]
            assert_same(operands[place], expected)


def test_out_of_logsumexp():
    x = draw((4, 5, 6), np.float32)
    for axis, keepdims in itertools.product([None, 0, (0, 2)], [False, True]):
        expected = fa.logsumexp(x, axis=axis, keepdims=keepdims)
        out = np.zeros(np.shape(expected), np.float32)
        assert fa.logsumexp(x, axis=axis, keepdims=keepdims, out=out) is out
        assert_same(out, np.asarray(expected))
    fa.logsumexp(x, axis=0, out=x[0])
    assert_same(x[0].copy(), fa.logsumexp(draw((4, 5, 6), np.float32), axis=0))


# --- Properties ------------------------------------------------------------------------------------------------------


@st.composite
def arrays_and_axes(draw_from):
    shape = tuple(draw_from(st.lists(st.integers(0, 9), min_size=1, max_size=4)))
    stretched = draw_from(st.integers(0, len(shape) - 1))
    shape = tuple(n * draw_from(st.sampled_from([1, 1, 17])) if k == stretched else n for k, n in enumerate(shape))
    axis = draw_from(st.one_of(st.none(), st.sets(st.integers(0, len(shape) - 1)).map(tuple)))
    order = draw_from(st.permutations(range(len(shape))))
    dtype = draw_from(st.sampled_from(FLOATS))
    x = draw(tuple(shape[k] for k in order), dtype, draw_from(st.integers(0, 99)))
    x = x.transpose(np.argsort(order))[
        tuple(slice(None, None, draw_from(st.sampled_from([1, 1, 2, -1]))) for _ in shape)
    ]
    return x, axis


@settings(max_examples=200, deadline=None)
@given(arrays_and_axes())
def test_any_array_over_any_axes(case):
    x, axis = case
    for name in FUNCTIONS:
        got, want = call(name, x, axis=axis), getattr(fa, name).reference(x, axis=axis)
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=TOLERANCE[x.dtype.type], atol=TOLERANCE[x.dtype.type])
        assert_same(np.asarray(got), np.asarray(call(name, x.copy(order="C"), axis=axis)))
