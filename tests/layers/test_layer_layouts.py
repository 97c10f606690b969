"""Layers: threads, instruction sets, layouts, given outputs and the floating-point environment change no bit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from calls import LAYOUTS, assert_same, make_array, outputs, read_only
from conftest import on_isa, on_threads
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_calls import PARAMETRIC, along, assert_sum, backward_params, channels_of, large, lengths, values_for
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
from fastact import _ufuncs
from fastact._cli._errors import has_fma
from fastact._ufuncs import table

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


@each_call
@pytest.mark.parametrize("place", ["dy", "x"])
@pytest.mark.parametrize("threads", [1, 2])
def test_in_place(call, place, threads):
    if place == "dy" and call in ("prelu", "bias_act"):
        place = "x"
    with on_threads(threads):
        expected = outputs(calls_with_out(*fresh())[call]())
        dy, x, weight = fresh()
        out = {"dy": dy, "x": x}[place]
        result = outputs(calls_with_out(dy, x, weight)[call](out))
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
    expected = outputs(calls_with_out(*fresh())[call]())
    out = make(expected[0])
    result = outputs(calls_with_out(*fresh())[call](out))
    assert result[0] is out
    np.testing.assert_array_equal(out, expected[0].astype(out.dtype))
    assert_same(result[1:], expected[1:])


@each_call
@pytest.mark.parametrize("shift", [-60, -1, 1, 60, 4000])
def test_out_that_runs_into_an_input(call, shift):
    dy, x, weight = fresh()
    expected = outputs(calls_with_out(dy, x, weight)[call]())
    memory = np.zeros(x.size + 2 * abs(shift), np.float32)
    source = memory[abs(shift) :][: x.size].reshape(x.shape)
    out = memory[abs(shift) + shift :][: x.size].reshape(x.shape)
    source[...] = x
    result = outputs(calls_with_out(dy, source, weight)[call](out))
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
