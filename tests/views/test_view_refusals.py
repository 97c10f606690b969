"""fastact.views refuses what does not fit, by name, and leaves outputs as they were."""

import re

import numpy as np
import pytest
from calls import (
    assert_same,
    make_array,
    read_only,
    swapped,
    unaligned,
)
from conftest import same_bits
from view_operands import DLPackExporter, Exporter, contents, every_case, f32, memory_names, operands, required, view

import fastact as fa
from fastact import views


class WithoutCopy(Exporter):
    """Cannot tell whether its array is a copy."""

    def __array__(self):
        return self.values.copy()


OUT_REFUSALS = {
    "another type": (np.full(6, 12345.0), TypeError, r"out: elements of format 'd', not 'f' as in x"),
    "no type": (np.full(6, 12345), TypeError, r"out: elements of format 'l', not 'f' as in x"),
    "another length": (f32(7), ValueError, r"out: the shape is (7,), not (6,) as in x"),
    "more dimensions": (f32(1, 6), ValueError, r"out: the shape is (1, 6), not (6,) as in x"),
    "strides": (f32(12)[::2], ValueError, r"out: it is not contiguous"),
    "one for all": (np.lib.stride_tricks.as_strided(f32(1), (6,), (0,)), ValueError, r"out: it is not contiguous"),
    "backwards": (f32(6)[::-1], ValueError, r"out: it is not contiguous"),
    "read-only array": (read_only(f32(6)), ValueError, r"out: its memory cannot be written to: .*read-only"),
    "bytes": (memoryview(bytes(24)).cast("f"), ValueError, r"out: its memory cannot be written to: .*not writable"),
    "byte order": (swapped(f32(6)), TypeError, r"out: elements of format '[<>]f', not 'f' as in x"),
    "alignment": (unaligned(f32(6)), ValueError, r"out: its address is not a multiple of 4 bytes"),
    "a list": ([0.0] * 6, TypeError, r"out: list has neither the buffer protocol nor DLPack nor __array__"),
    "None": (None, TypeError, r"out: NoneType has neither the buffer protocol nor DLPack nor __array__"),
    "a class": (np.ndarray, TypeError, r"out: type does not lend its memory: "),
    "a possible copy": (WithoutCopy(f32(6)), TypeError, r"out: WithoutCopy does not lend its memory: .*copy"),
    "read-only DLPack": (DLPackExporter(f32(6)), ValueError, r"out: its memory cannot be written to: .*read-only"),
}
OUT_REFUSALS["read-only DLPack"][0].values.flags.writeable = False
X_REFUSALS = {
    "bytes": (bytes(24), TypeError, r"x: elements of format 'B'; float32, 'f', or float64, 'd', in native byte"),
    "float16": (np.zeros(6, np.float16), TypeError, r"x: elements of format 'e'; float32"),
    "integers": (np.zeros(6, np.int32), TypeError, r"x: elements of format 'i'; float32"),
    "complex": (np.zeros(6, np.complex64), TypeError, r"x: elements of format 'Zf'; float32"),
    "longdouble": (np.zeros(6, np.longdouble), TypeError, r"x: elements of format 'g'; float32"),
    "records": (np.zeros(6, "f4,f4"), TypeError, r"x: elements of format 'T{.*}'; float32"),
    "byte order": (swapped(f32(6)), TypeError, r"x: elements of format '[<>]f'; float32"),
    "dates": (np.zeros(6, "M8[s]"), TypeError, r"x: float32 or float64 is needed, not datetime64[s]"),
    "strides": (f32(12)[::2], ValueError, r"x: it is not contiguous"),
    "slices": (f32(3, 4)[:, :2], ValueError, r"x: it is not contiguous"),
    "alignment": (unaligned(f32(6)), ValueError, r"x: its address is not a multiple of 4 bytes"),
    "a list": ([0.0] * 6, TypeError, r"x: list has neither the buffer protocol nor DLPack nor __array__"),
    "a number": (1.5, TypeError, r"x: float has neither the buffer protocol nor DLPack nor __array__"),
    "objects": (WithoutCopy(np.full(6, None)), TypeError, r"x: elements of format 'O'; float32"),
}


def pattern(message):
    """A message as a regular expression, where .* and [<>] stand for themselves."""
    return "^" + re.escape(message).replace(r"\.\*", ".*").replace(r"\[<>\]", "[<>]")


@pytest.mark.parametrize("reason", OUT_REFUSALS)
def test_out_is_refused_untouched(reason):
    out, error, message = OUT_REFUSALS[reason]
    before = contents(out)
    with pytest.raises(error, match=pattern(message)):
        views.silu(make_array(6), out)
    assert contents(out).tobytes() == before.tobytes()


@pytest.mark.parametrize("reason", X_REFUSALS)
def test_x_is_refused_and_out_untouched(reason):
    x, error, message = X_REFUSALS[reason]
    out = f32(6)
    with pytest.raises(error, match=pattern(message)):
        views.silu(x, out)
    assert (out == 12345).all()


@every_case
def test_every_argument_is_checked_and_named(case):
    """Each in turn is of another type; nothing is written to the others."""
    inputs, outs = operands(case, 6)
    names = memory_names(case)
    for k, name in enumerate(names):
        arrays = [*inputs, *outs]
        arrays[k] = np.full(6, 12345)
        message = "float32" if k == 0 else f"not 'f' as in {names[0]}"
        with pytest.raises(TypeError, match=rf"^{name}: .*{message}"):
            view(case)(*arrays, **required(case))
        assert all((out == 12345).all() for out in arrays[len(inputs) :])


def test_orders_may_not_be_mixed():
    for x, out in ((np.zeros((2, 3), np.float32, "F"), f32(2, 3)), (np.zeros((2, 3), np.float32), f32(3, 2).T)):
        with pytest.raises(ValueError, match=r"^out: its elements are in another order, C or Fortran, than those of x"):
            views.silu(x, out)
        assert (out == 12345).all()


@pytest.mark.parametrize("shift", [1, 5, 599])
def test_partial_overlap(shift):
    memory = make_array(600 + shift)
    before = memory.copy()
    a, b = memory[shift:], memory[:600]
    other = np.zeros(600, np.float32)
    for x, out in ((a, b), (b, a)):
        with pytest.raises(ValueError, match=r"^out: it shares memory with x; only an input as a whole"):
            views.silu(x, out)
        with pytest.raises(ValueError, match=r"^out: it shares memory with dy;"):
            views.silu_backward(x, other, out)
        with pytest.raises(ValueError, match=r"^out: it shares memory with x;"):
            views.silu_backward(other, x, out)
        with pytest.raises(ValueError, match=r"^out_grad: it shares memory with out;"):
            views.silu_value_and_grad(other, x, out)
        with pytest.raises(ValueError, match=r"^out_grad: it shares memory with x;"):
            views.silu_value_and_grad(x, other, out)
    with pytest.raises(ValueError, match=r"^out_grad: it shares memory with out;"):
        views.silu_value_and_grad(other, b, b)
    assert same_bits(memory, before)
    assert not other.any()
    assert_same(views.silu(memory[:300], memory[300:600]), fa.silu(before[:300]))


@pytest.mark.parametrize("num_threads", [0, -1, 2**31, 10**30, -(10**30)])
def test_num_threads_has_to_be_positive(num_threads):
    out = f32(3)
    with pytest.raises(ValueError, match=rf"^num_threads: {num_threads} threads; from 1 to \d+ is possible"):
        views.silu(out, out, num_threads=num_threads)
    assert (out == 12345).all()


@pytest.mark.parametrize("num_threads", [1.0, "2", None])
def test_num_threads_has_to_be_an_int(num_threads):
    out = f32(3)
    with pytest.raises(TypeError, match=rf"^num_threads: an int is needed, not {type(num_threads).__name__}"):
        views.silu(out, out, num_threads=num_threads)
    assert (out == 12345).all()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("2", TypeError, "a real number is needed, not str"),
        (None, TypeError, "a real number is needed, not NoneType"),
        (1j, TypeError, "a real number is needed, not complex"),
        (1e39, OverflowError, "1e.39 is too large for float32"),
        (10**400, OverflowError, "about 2.1328 is too large for float32"),
    ],
)
def test_parameters_have_to_be_numbers_of_the_type(value, error, message):
    x = make_array(5)
    for function, parameters in ((views.hard_tanh, {"max_val": value}), (views.swish, {"beta": value})):
        out = f32(5)
        with pytest.raises(error, match=rf"^{next(iter(parameters))}: {message}"):
            function(x, out, **parameters)
        assert (out == 12345).all()


def test_float64_has_larger_parameters():
    x = make_array(5, np.float64)
    assert_same(views.hard_tanh(x, np.empty(5), 1e39, 1e40), fa.hard_tanh(x, 1e39, 1e40))
    with pytest.raises(OverflowError, match=r"^min_val: about 2.1328 is too large for float64"):
        views.hard_tanh(x, np.empty(5), 10**400)


def test_infinite_parameters_are_numbers():
    x = make_array(5)
    assert_same(views.hard_tanh(x, f32(5), max_val=np.inf), fa.hard_tanh(x, max_val=np.inf))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: views.silu(x),
        lambda x: views.silu(x, x, 1, 1),
        lambda x: views.silu(x, x, beta=1),
        lambda x: views.threshold(x, x, 0),
        lambda x: views.swish(x, x, 1, beta=1),
    ],
)
def test_wrong_arguments_are_type_errors(call):
    x = f32(3)
    with pytest.raises(TypeError, match=r"arguments?"):
        call(x)
    assert (x == 12345).all()
