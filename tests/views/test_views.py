"""fastact.views: what the ufuncs compute, over memory of any owner; and what does not fit is refused untouched."""

import ctypes
import inspect
import mmap
import pickle
import re
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from calls import (
    assert_same,
    case_per_path,
    make_array,
    outputs,
    parameters_of,
    read_only,
    run_python,
    swapped,
    unaligned,
)
from conftest import CASES, TYPES, on_threads, same_bits
from hypothesis import given, settings
from hypothesis import strategies as st
from test_docstrings import run_examples, section

import fastact as fa
from fastact import _ufuncs, views
from fastact._ufuncs import arrays_of, table

LARGE = 170_001  # enough elements that every function is worth two threads; no whole number of blocks
every_case = pytest.mark.parametrize("case", CASES)
each_path = pytest.mark.parametrize("case", case_per_path(CASES))
every_type = pytest.mark.parametrize("dtype", TYPES)


def name_of(case):
    name, operation = case
    return name if operation == "forward" else f"{name}_{operation}"


def memory_names(case):
    """What the arguments before the parameters are called."""
    return [*arrays_of(*case), *["out", "out_grad"][: _ufuncs.get(*case).nout]]


def view(case):
    return getattr(views, name_of(case))


def operands(case, shape, dtype=np.float32):
    """The arrays that an operation reads, and those it writes to, which hold numbers that no function returns."""
    ufunc = _ufuncs.get(*case)
    inputs = [make_array(shape, dtype, seed) for seed in range(ufunc.nin - len(table[case[0]]))]
    return inputs, [np.full(shape, 12345, dtype) for _ in range(ufunc.nout)]


def expected(case, inputs, parameters=None):
    ufunc = _ufuncs.get(*case)
    return outputs(ufunc(*inputs, **(parameters_of(ufunc) if parameters is None else parameters)))


def required(case):
    """The parameters that have to be given."""
    parameters = parameters_of(_ufuncs.get(*case))
    return {p: value for p, value in parameters.items() if table[case[0]][p] is None}


# --- They compute what the ufuncs do ---------------------------------------------------------------------------------


@every_case
@every_type
def test_bits_are_those_of_the_ufunc(case, dtype):
    for shape in [(), (0,), (3, 0), (1,), (64,), (600,), (2, 3, 5)]:
        inputs, outs = operands(case, shape, dtype)
        result = outputs(view(case)(*inputs, *outs, **required(case)))
        assert all(got is out for got, out in zip(result, outs, strict=True))
        flat = [x.reshape(-1) for x in inputs]
        assert_same(tuple(out.reshape(-1) for out in outs), expected(case, flat))


@every_case
@every_type
def test_parameters_by_position_and_by_name(case, dtype):
    for values in ([0.75, 1.5], [-2, 3], [np.float32(0.3), np.float64(0.1)], [True, 2**62]):
        parameters = dict(zip(table[case[0]], values, strict=False))
        inputs, outs = operands(case, 40, dtype)
        view(case)(*inputs, *outs, *parameters.values())
        assert_same(tuple(outs), expected(case, inputs, {p: float(value) for p, value in parameters.items()}))
        again = [np.empty_like(out) for out in outs]
        view(case)(*inputs, *again, **parameters)
        assert_same(tuple(again), tuple(outs))


@each_path
@every_type
def test_threads_change_nothing(case, dtype):
    inputs, outs = operands(case, LARGE, dtype)
    want = expected(case, inputs)
    for num_threads in (1, 2):
        for out in outs:
            out.fill(0)
        view(case)(*inputs, *outs, **required(case), num_threads=num_threads)
        assert_same(tuple(outs), want)


def test_number_of_threads_is_any_integer():
    x = make_array(1000)
    assert_same(views.gelu(x, f32(1000), num_threads=np.int64(2)), fa.gelu(x))
    assert_same(views.gelu(x, f32(1000), num_threads=True), fa.gelu(x))


THREADS_OF_PROCESS = """
import os, time
import numpy as np
from fastact import set_num_threads, views
set_num_threads({of_process})
x = np.zeros(1_000_000, np.float32)
views.gelu(x, x, num_threads={of_call})
end = time.monotonic() + 20  # on a busy machine the call may be over before its threads have started
while len(os.listdir("/proc/self/task")) < {count} and time.monotonic() < end:
    time.sleep(0.01)
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not _ufuncs.has_openmp(), reason="this build has one thread")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="this system does not list a process's threads")
@pytest.mark.parametrize(("of_process", "of_call"), [(3, 1), (1, 2), (1, 4)])
def test_number_of_threads_is_that_of_the_call(of_process, of_call):
    """NumPy's own threads, if any, wait for matrix products only: OPENBLAS_NUM_THREADS keeps them out."""
    count = of_call + (of_call > 1)  # with the owner of the team, which sleeps
    program = THREADS_OF_PROCESS.format(of_process=of_process, of_call=of_call, count=count)
    run = run_python(program, OPENBLAS_NUM_THREADS="1", FASTACT_WAIT_FOR_THREADS="1")
    assert (run.stdout, run.stderr) == (f"{count}\n", "")


@each_path
def test_fortran_order(case):
    inputs, outs = operands(case, (4, 5, 6))
    want = expected(case, inputs)
    inputs, outs = ([np.asfortranarray(a) for a in arrays] for arrays in (inputs, outs))
    view(case)(*inputs, *outs, **required(case))
    assert_same(tuple(outs), want)


@each_path
def test_in_place(case):
    inputs, outs = operands(case, 600)
    want = expected(case, inputs)
    for k in range(len(inputs)):
        arrays = [x.copy() for x in inputs]
        view(case)(*arrays, arrays[k], *outs[1:], **required(case))
        assert_same((arrays[k], *outs[1:]), want)
    if len(outs) == 2:
        x = inputs[0].copy()
        view(case)(x, outs[0], x, **required(case))
        assert_same((outs[0], x), want)


def test_length_one_dimensions_have_both_orders():
    x = np.asfortranarray(make_array((5, 1)))
    out = np.empty((5, 1), np.float32)
    assert_same(views.silu(x, out), fa.silu(x))


def test_keywords():
    x, out = make_array(5), np.empty(5, np.float32)
    assert views.swish(out=out, x=x, num_threads=1, beta=2) is out
    assert_same(out, fa.swish(x, 2))


# --- Whoever lends the memory ----------------------------------------------------------------------------------------


def mapped(values):
    memory = mmap.mmap(-1, max(values.nbytes, 1))
    memory[: values.nbytes] = values.tobytes()
    return memoryview(memory)[: values.nbytes].cast(values.dtype.char)


def in_ctypes(values):
    kind = ctypes.c_float if values.dtype == np.float32 else ctypes.c_double
    return (kind * values.size)(*values)


class Lender:
    """Lends an array by one protocol."""

    def __init__(self, values):
        self.values = np.array(values)


class DLPackLender(Lender):
    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class ArrayLender(Lender):
    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype, copy=copy)


OWNERS = {
    "ndarray": np.array,
    "subclass": lambda values: np.array(values).view(type("Subclass", (np.ndarray,), {})),
    "array.array": lambda values: array(values.dtype.char, values),
    "memoryview": lambda values: memoryview(np.array(values)),
    "native memoryview": lambda values: memoryview(bytearray(values.tobytes())).cast(f"@{values.dtype.char}"),
    "bytearray": lambda values: memoryview(bytearray(values.tobytes())).cast(values.dtype.char),
    "mmap": mapped,
    "ctypes": in_ctypes,
    "DLPack": DLPackLender,
    "__array__": ArrayLender,
}
READ_ONLY_OWNERS = {
    "read-only ndarray": read_only,
    "bytes": lambda values: memoryview(values.tobytes()).cast(values.dtype.char),
    "read-only memoryview": lambda values: memoryview(values).toreadonly(),
}


def contents(owner):
    return np.array(owner.values if isinstance(owner, Lender) else owner)


@every_type
@pytest.mark.parametrize("x_owner", [*OWNERS, *READ_ONLY_OWNERS])
@pytest.mark.parametrize("out_owner", OWNERS)
def test_owners(dtype, x_owner, out_owner):
    values = make_array(70, dtype)
    x = (OWNERS | READ_ONLY_OWNERS)[x_owner](values)
    out = OWNERS[out_owner](np.zeros(70, dtype))
    assert views.silu(x, out) is out
    assert same_bits(contents(out), fa.silu(values))
    assert same_bits(contents(x), values)


CANNOT_BE_EMPTY = {"native memoryview", "bytearray", "bytes", "mmap"}  # Python does not cast memory of no elements


@pytest.mark.parametrize("owner", sorted({*OWNERS, *READ_ONLY_OWNERS} - CANNOT_BE_EMPTY))
def test_owners_of_nothing(owner):
    make = (OWNERS | READ_ONLY_OWNERS)[owner]
    out = np.empty(0, np.float32)
    assert views.silu(make(np.empty(0, np.float32)), out) is out


@every_type
def test_pytorch_tensors(dtype):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    values = make_array((3, 4), dtype)
    out = torch.zeros(3, 4, dtype=getattr(torch, np.dtype(dtype).name))
    assert views.swish(torch.tensor(values), out, 2) is out
    assert same_bits(out.numpy(), fa.swish(values, 2))
    with pytest.raises(TypeError, match=r"^x: Tensor does not lend its memory: .*grad"):
        views.silu(torch.tensor(values, requires_grad=True), out)
    assert same_bits(out.numpy(), fa.swish(values, 2))


def test_pending_signs_are_refused():
    """PyTorch negates lazily: memory that DLPack hands on has the other sign then."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x = torch.tensor([1.0, -2.0, 3.0])
    imaginary = torch.complex(x, x).conj().imag
    assert imaginary.is_neg()
    for pending in (torch._neg_view(x), imaginary):
        out = torch.zeros(3)
        with pytest.raises(TypeError, match=r"^x: Tensor .* write .resolve_neg\(\)"):
            views.relu(pending, out)
        with pytest.raises(TypeError, match=r"^out: Tensor .* write .resolve_neg\(\)"):
            views.relu(out, pending)
        assert out.tolist() == [0, 0, 0]
        assert views.relu(pending.resolve_neg().contiguous(), out).tolist() == [0, 2, 0]
    with pytest.raises(TypeError, match=r"^x: Tensor .* write .resolve_conj\(\)"):
        views.relu(torch.complex(x, x).conj(), x)


def test_pandas_series():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    x = pandas.Series(make_array(9))
    out = np.empty(9, np.float32)
    assert_same(views.silu(x, out), fa.silu(x.to_numpy()))


@pytest.mark.parametrize("scalar", [np.float32(0.5), ctypes.c_float(0.5)])
def test_scalars_are_memory_without_dimensions(scalar):
    out = ctypes.c_float(0)
    views.silu(scalar, out)
    assert out.value == fa.silu(np.float32(0.5))


# --- Refusals --------------------------------------------------------------------------------------------------------


class WithoutCopy(Lender):
    """Cannot tell whether its array is a copy."""

    def __array__(self):
        return self.values.copy()


def f32(*shape):
    return np.full(shape, 12345, np.float32)


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
    "read-only DLPack": (DLPackLender(f32(6)), ValueError, r"out: its memory cannot be written to: .*read-only"),
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


# --- Memory is given back --------------------------------------------------------------------------------------------


def test_buffers_are_released():
    """An array.array refuses to grow while a buffer of it is held."""
    x, out, short = array("f", [1, 2, 3]), array("f", [0, 0, 0]), array("f", [0])
    views.silu(x, out)
    with pytest.raises(ValueError, match="shape"):
        views.silu(x, short)
    with pytest.raises(ValueError, match="shares"):
        views.silu_value_and_grad(x, out, out)
    with pytest.raises(TypeError, match="list"):
        views.silu_value_and_grad(x, out, [])
    with pytest.raises(TypeError, match="number"):
        views.swish(x, out, "1")
    for owner in (x, out, short):
        owner.append(0)


def test_references_are_counted():
    x, out = make_array(5), f32(5)
    beta = 1234.5
    counts = [sys.getrefcount(thing) for thing in (x, out, beta)]
    for _ in range(100):
        views.swish(x, out, beta)
        with pytest.raises(ValueError, match="shape"):
            views.swish(x, out[1:], beta)
    assert [sys.getrefcount(thing) for thing in (x, out, beta)] == counts


def test_lenders_are_given_back():
    lender = DLPackLender(make_array(5))
    count = sys.getrefcount(lender.values)
    views.silu(lender, lender)
    after = sys.getrefcount(lender.values)
    assert after == count


# --- Any shapes and owners -------------------------------------------------------------------------------------------


def misplaced(array):
    return unaligned(array) if array.size else array


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_call_is_computed_or_refused(data):
    """Whatever is given: what the ufunc computes, or an exception that names an argument and leaves out alone."""
    case = data.draw(st.sampled_from(CASES))
    dtypes = st.sampled_from([np.float32, np.float32, np.float64])
    shapes = st.sampled_from([(6,), (6,), (2, 3), (0,), ()])
    layouts = st.sampled_from([np.array, np.array, np.asfortranarray, read_only, misplaced, swapped, DLPackLender])
    inputs, outs = operands(case, ())
    arrays = [data.draw(layouts)(make_array(data.draw(shapes), data.draw(dtypes), k)) for k in range(len(inputs))]
    outs = [data.draw(layouts)(np.full(data.draw(shapes), 12345, data.draw(dtypes))) for _ in outs]
    refusal = None
    try:
        result = outputs(view(case)(*arrays, *outs, **required(case)))
    except (TypeError, ValueError) as error:
        refusal = str(error)
    if refusal is not None:
        assert re.match(r"(dy|x|y|out|out_grad): ", refusal)
        assert all((contents(out) == 12345).all() for out in outs)
        return
    assert all(got is out for got, out in zip(result, outs, strict=True))
    flat = [contents(x).reshape(-1) for x in arrays]
    assert_same(tuple(contents(out).reshape(-1) for out in outs), expected(case, flat))


def test_calls_from_many_python_threads():
    inputs = [make_array(LARGE, seed=seed) for seed in range(8)]
    with on_threads(2):
        want = [fa.gelu(x) for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        for num_threads in (1, 2):
            made = pool.map(lambda x, n=num_threads: views.gelu(x, np.empty_like(x), num_threads=n), inputs * 4)
            for got, expected_result in zip(made, want * 4, strict=True):
                assert_same(got, expected_result)


# --- The module ------------------------------------------------------------------------------------------------------


def test_functions_are_those_of_the_table():
    functions = {name for name, thing in vars(views).items() if callable(thing) and not name.startswith("_")}
    assert functions == {name_of(case) for case in CASES}


@every_case
def test_signature(case):
    signature = inspect.signature(view(case))
    arrays = memory_names(case)
    assert list(signature.parameters) == [*arrays, *table[case[0]], "num_threads"]
    defaults = [signature.parameters[p].default for p in table[case[0]]]
    assert [None if default is inspect.Parameter.empty else default for default in defaults] == [
        *table[case[0]].values()
    ]
    assert signature.parameters["num_threads"].default == 1
    assert all(signature.parameters[name].default is inspect.Parameter.empty for name in arrays)


@every_case
def test_docstring(case):
    text = view(case).__doc__
    assert run_examples(text) == 5
    told = re.findall(r"^(\w+) : ", section(text, "Parameters"), re.MULTILINE)
    assert told == list(inspect.signature(view(case)).parameters)
    assert re.findall(r"^(\w+)\n-+$", text, re.MULTILINE) == re.findall(
        r"^(\w+)\n-+$", _ufuncs.get(*case).__doc__, re.MULTILINE
    )
    for dtype in TYPES:
        assert f"{_ufuncs.error_bound(*case, dtype):g} ULP in {dtype.__name__}" in text


def test_functions_can_be_pickled():
    assert pickle.loads(pickle.dumps(views.swish_grad_beta)) is views.swish_grad_beta


def test_import_of_fastact_leaves_it_out():
    run = run_python("import sys, fastact; print('fastact.views' in sys.modules); import fastact.views")
    assert (run.stdout, run.stderr) == ("False\n", "")
