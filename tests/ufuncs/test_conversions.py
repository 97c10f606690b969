"""Calls that convert numbers on their way: the same bits in every floating-point environment, and never a warning."""

import pickle
import warnings
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
from calls import UFUNCS, exit_status, name_of, one_per_path, outputs, parameters_of, swapped, unaligned
from conftest import on_threads
from draws import LARGE
from test_environment import (
    ALL_FLAGS,
    FLAGS,
    MODES,
    assert_all_same,
    each_path,
    flags_after,
    flushes_to_zero,
    flushing_to_zero,
    glibc_only,
    named,
    rounding,
    rounding_mode,
)
from test_environment import pytestmark as pytestmark

import fastact as fa
from fastact import _softmax_docs, _ufuncs, views

# Float64 numbers that no narrower type holds: between its numbers, beyond them, and among its subnormal ones.
WIDE = np.array([0.1, -0.7, 1 / 3, -2.3, 1e-41, -1e-6, 1e-310, 1e5, -1e39, 1e300, np.inf, -np.inf, np.nan, 5.1, -5.1])
# Integers that float64 does not hold.
INTEGERS = np.array([0, 1, -2, 3, 2**53 + 1, -(2**53) - 3, 2**60 + 1, -(2**62) - 257, 77])
BEYOND_SINGLE, BEYOND_HALF = 1e39, -1e6
TINY, TENTH, HALF_TENTH = np.float32(1e-42), np.float32(0.1), np.float16(0.1)
MIXED = [0.1, TINY, np.int64(2**60 + 1)]
SINGLE, HALF, SWAPPED = np.dtype("f4"), np.dtype("f2"), np.dtype("f4").newbyteorder()
SIGNALLING = np.array([0x7F800001, 0x3F800000], np.uint32).view(np.float32)


def narrowed(array, dtype):
    with np.errstate(all="ignore"):
        return array.astype(dtype)


class Subclass(np.ndarray):
    """What NumPy takes for an array without a method of its own."""


class Exporter:
    """An object that NumPy asks for an array."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


def conversions(ufunc):
    """Name of a way to call -> a call that takes no argument."""
    names = list(parameters_of(ufunc))
    count = ufunc.nin - len(names)

    def operands(array):
        return [np.roll(array, k) for k in range(count)]

    def run(arrays, value=0.1, **options):
        return ufunc(*arrays, **dict.fromkeys(names, value), **options)

    def into(dtype, like, fill=0):
        return tuple(np.full(np.shape(like), fill, dtype) for _ in range(ufunc.nout))

    wide, whole = operands(WIDE), operands(INTEGERS)
    single, half = ([narrowed(array, dtype) for array in wide] for dtype in (SINGLE, HALF))
    mask, longs = np.arange(WIDE.size) % 3 > 0, np.arange(WIDE.size) + 2**60
    letters = "f" * ufunc.nin + "->" + "f" * ufunc.nout
    ways = {
        "direct": lambda: run(single),
        "direct, number beyond": lambda: run(single, BEYOND_SINGLE),
        "direct, wide": lambda: run(wide, BEYOND_SINGLE),
        "where": lambda: run(wide, where=mask, out=into("f8", WIDE)),
        "where, number beyond": lambda: run(single, BEYOND_SINGLE, where=mask, out=into("f4", WIDE)),
        "where and a narrower output": lambda: run(wide, where=mask, out=into("f4", WIDE)),
        "dtype": lambda: run(wide, dtype="f4", casting="same_kind"),
        "dtype of halves": lambda: run(single, dtype="f2", casting="same_kind"),
        "dtype, number beyond": lambda: run(wide, BEYOND_SINGLE, dtype="f4", casting="same_kind"),
        "dtype of integers": lambda: run(whole, dtype="f4", casting="same_kind"),
        "signature": lambda: run(wide, signature=letters, casting="same_kind"),
        "a wider type": lambda: run(single, dtype="f8"),
        "narrower output": lambda: run(wide, out=into("f4", WIDE)),
        "output in halves": lambda: run(single, out=into("f2", WIDE)),
        "wider output": lambda: run(single, out=into("f8", WIDE)),
        "output of integers": lambda: run(wide, out=into("i4", WIDE), casting="unsafe"),
        "output of complex numbers": lambda: run(single, out=into("c8", WIDE)),
        "byte-swapped": lambda: run([swapped(array) for array in single]),
        "byte-swapped and wide": lambda: run([swapped(array) for array in wide]),
        "byte-swapped halves": lambda: run([swapped(array) for array in half]),
        "byte-swapped output": lambda: run(wide, out=into(SWAPPED, WIDE)),
        "unaligned": lambda: run([unaligned(array) for array in single]),
        "signalling NaN": lambda: run(operands(SIGNALLING), dtype="f8"),
        "integers": lambda: run(whole),
        "integers of 8 bits": lambda: run(operands(np.arange(-5, 5, dtype=np.int8))),
        "unsigned integers": lambda: run(operands(np.array([0, 2**64 - 1, 2**63 + 1025], np.uint64))),
        "bool": lambda: run(operands(np.array([True, False]))),
        "halves": lambda: run(half),
        "halves, number beyond": lambda: run(half, BEYOND_HALF),
        "halves and integers": lambda: run([*half[1:], longs]),
        "single and integers": lambda: run([*single[1:], longs]),
        "single and wide parameters": lambda: run(single, np.float64(0.1)),
        "single and vectors": lambda: run(single, wide[0].tolist()),
        "single and halves": lambda: run([*single[1:], half[0]], HALF_TENTH),
        "numbers": lambda: run([0.1] * count),
        "an array and numbers": lambda: run([*single[:1], *[BEYOND_SINGLE] * (count - 1)], BEYOND_SINGLE),
        "numbers and an array": lambda: run([*[-BEYOND_SINGLE] * (count - 1), *single[:1]], BEYOND_SINGLE),
        "halves and numbers": lambda: run([*half[:1], *[BEYOND_HALF] * (count - 1)], BEYOND_HALF),
        "large ints": lambda: run([*[10**200] * (count - 1), *single[:1]], 10**200),
        "numbers of NumPy": lambda: run([np.int64(2**60 + 1), *[TENTH] * (count - 1)]),
        "numbers of NumPy in another type": lambda: run([np.float64(1e39)] * count, dtype="f4", casting="same_kind"),
        "no dimensions": lambda: run([np.array(2**60 + 1)] * count),
        "lists": lambda: run([array.tolist() for array in wide], dtype="f4", casting="same_kind"),
        "lists of ints and floats": lambda: run([[0.1, 2**53 + 1, 2**60 + 1]] * count),
        "lists of mixed scalars": lambda: run([MIXED] * count),
        "strided": lambda: run([array[::-2] for array in whole]),
        "rows and columns": lambda: run([np.broadcast_to(array[:, None], (array.size, 3)) for array in whole]),
        "no path of ours": lambda: run(single, order="C", subok=False),
        "subclass": lambda: run([array.view(Subclass) for array in whole]),
        "exporter": lambda: run([Exporter(array) for array in wide], dtype="f4", casting="same_kind"),
    }
    if ufunc.__name__ in _ufuncs.gated:
        ways["halves of one array"] = lambda: ufunc(np.concatenate([INTEGERS, INTEGERS[::-1], [1, 2]]))
        ways["halves of one array, typed"] = lambda: ufunc(np.tile(WIDE, 2), dtype="f4", casting="same_kind")
    return ways | methods(ufunc)


def methods(ufunc):
    """The same for methods of a ufunc."""

    def at(*others):
        halves = narrow[:6].copy()
        ufunc.at(halves, [0, 1, 1, 5], *others)
        return halves

    narrow, values = narrowed(WIDE, HALF), np.array([1e300, 0.1, 1e-7, 1e-310])
    two = {
        "outer": lambda: ufunc.outer(INTEGERS, WIDE, dtype="f4", casting="same_kind"),
        "outer with a number beyond": lambda: ufunc.outer(narrow, BEYOND_HALF),
    }
    if ufunc.nout == 1 == ufunc.nin:
        return {"at": at}
    if ufunc.nout == 1 and ufunc.nin == 2:
        return two | {
            "at": lambda: at(0.1),
            "at with wide numbers": lambda: at(values),
            "reduce": lambda: ufunc.reduce(INTEGERS),
            "reduce in another type": lambda: ufunc.reduce(WIDE, dtype="f4"),
            "accumulate": lambda: ufunc.accumulate(INTEGERS),
            "accumulate in another type": lambda: ufunc.accumulate(WIDE, dtype="f2"),
            "reduceat": lambda: ufunc.reduceat(INTEGERS, [0, 3, 5]),
        }
    return two if ufunc.nin == 2 else {}


def large_conversions(ufunc):
    """Those that several threads share."""
    names = list(parameters_of(ufunc))
    count = ufunc.nin - len(names)
    rng = np.random.default_rng(5)
    integers = rng.integers(-(2**62), 2**62, LARGE)
    single = np.resize(narrowed(WIDE, SINGLE), LARGE)

    def run(array, value=0.1, **options):
        return ufunc(*[array] * count, **dict.fromkeys(names, value), **options)

    def overlapping():
        memory = np.resize(single, LARGE + 1)
        return run(memory[:-1], out=(memory[1:], *[None] * (ufunc.nout - 1)))

    return {
        "integers": lambda: run(integers),
        "byte-swapped": lambda: run(swapped(single)),
        "number beyond": lambda: run(single[::2], BEYOND_SINGLE),
        "wider output": lambda: run(single, out=tuple(np.empty(LARGE) for _ in range(ufunc.nout))),
        "narrower output": lambda: run(integers, out=tuple(np.empty(LARGE, "f4") for _ in range(ufunc.nout))),
        "overlapping": overlapping,
        "signalling NaN": lambda: run(np.resize(SIGNALLING, LARGE), value=np.full(LARGE, 0.1)),
    }


def layer_conversions():
    """Name of a call of what is no ufunc -> the call."""
    wide, integers = np.tile(WIDE, (3, 1)), np.tile(INTEGERS, (3, 1))
    single, half = narrowed(wide, SINGLE), narrowed(wide, HALF)
    weight = 0.1 + np.arange(WIDE.size)
    numbers = [[0.1, 2**53 + 1, 2**60 + 1], MIXED]
    calls = {}
    inputs = {
        "wide": wide,
        "integers": integers,
        "lists": numbers,
        "halves": half,
        "byte-swapped": swapped(wide),
        "unaligned": unaligned(single),
    }

    def out_for(x, dtype="f4"):
        return np.empty(np.shape(x), dtype)

    for kind, x in inputs.items():
        vector, y = np.shape(x)[-1], np.full(np.shape(x), 1 / 3, "f4")
        calls |= {
            f"prelu, {kind}": lambda x=x: fa.prelu(x, 0.1),
            f"prelu, {kind}, beyond": lambda x=x: fa.prelu(x, BEYOND_SINGLE, out=out_for(x)),
            f"prelu, {kind}, weights": lambda x=x, n=vector: fa.prelu(x, weight[:n].tolist(), out=out_for(x, "f2")),
            f"prelu.backward, {kind}": lambda x=x: fa.prelu.backward(x, x, 0.1),
            f"bias_act, {kind}": lambda x=x, n=vector: fa.bias_act(x, np.resize(INTEGERS, n), out=out_for(x)),
            f"bias_act.backward, {kind}": lambda x=x, n=vector: fa.bias_act.backward(x, x, weight[:n]),
        }
        for name in _softmax_docs.FORMULAS:
            function = getattr(fa, name)
            calls[f"{name}, {kind}"] = lambda function=function, x=x: function(x)
            calls[f"{name}, {kind}, rows"] = lambda function=function, x=x: function(x, axis=0)
            if hasattr(function, "backward"):
                calls[f"{name}, {kind}, out"] = lambda f=function, x=x: f(
                    x, out=out_for(x, "f2" if x is half else "f4")
                )
                calls[f"{name}.backward, {kind}"] = lambda f=function, x=x, y=y: f.backward(x, y)
    for name in filter(_ufuncs.table.get, _ufuncs.table):
        values = [BEYOND_SINGLE] * len(_ufuncs.table[name])
        backward = getattr(fa, name).backward_params
        calls[f"{name}.backward_params"] = lambda b=backward, v=values: b(integers, integers, *(0.1 for _ in v))
        calls[f"{name}.backward_params, beyond"] = lambda b=backward, v=values: b(single, single, *v)
        calls[f"{name}.backward_params, halves"] = lambda b=backward, v=values: b(half, half, *v)
    for value in MIXED:
        for x in (single[0], wide[0]):
            calls[f"views, {type(value).__name__}, {x.dtype}"] = lambda value=value, x=x: views.leaky_relu(
                x, np.empty_like(x), value
            )
    return calls


LAYER_CALLS = layer_conversions()

# --- Environments ----------------------------------------------------------------------------------------------------

ENVIRONMENTS = {"to nearest": nullcontext, **{name: lambda mode=mode: rounding(mode) for name, mode in MODES.items()}}
each_environment = pytest.mark.parametrize(
    "environment", [*ENVIRONMENTS, pytest.param("flushing to zero", marks=glibc_only)]
)


@contextmanager
def strict(environment):
    """An environment in which NumPy's reports and Python's warnings are exceptions; it has to be left as it was."""
    chosen = ENVIRONMENTS.get(environment, flushing_to_zero)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        state = np.geterr()
        with chosen():
            before = rounding_mode(), flushes_to_zero()
            yield
            after = rounding_mode(), flushes_to_zero()
        assert after == before
        assert np.geterr() == state


def copied(result):
    return [np.array(output).ravel() for output in outputs(result)]


def usual(call):
    """The result of a call where nobody looks at warnings."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return copied(call())


def check(calls, environment):
    for way, call in calls.items():
        want = usual(call)
        with strict(environment):
            got = copied(call())
        assert_all_same(got, want, way)


@each_path
@each_environment
def test_conversions(ufunc, environment):
    check(conversions(ufunc), environment)


@pytest.mark.parametrize("ufunc", one_per_path(UFUNCS)[::3], ids=name_of)
@each_environment
def test_large_conversions(ufunc, environment):
    with on_threads(2):
        check(large_conversions(ufunc), environment)


@each_environment
def test_conversions_of_layers(environment):
    check(LAYER_CALLS, environment)


@each_environment
@pytest.mark.parametrize("dtype", [np.int64, swapped(np.zeros(1, np.float32)).dtype, np.float16])
def test_conversions_of_files(tmp_path, environment, dtype):
    source, usual_target, target = (tmp_path / name for name in ("x.npy", "usual.npy", "y.npy"))
    np.save(source, INTEGERS if dtype is np.int64 else narrowed(WIDE, dtype))
    arguments = ["--param", f"negative_slope={BEYOND_SINGLE}"]
    usual(lambda: exit_status("apply", "leaky_relu", source, usual_target, *arguments))
    with strict(environment):
        assert exit_status("apply", "leaky_relu", source, target, *arguments) == 0
    assert target.read_bytes() == usual_target.read_bytes()


@each_path
def test_flags_of_conversions_are_as_found(ufunc):
    changed = {}
    for way, call in conversions(ufunc).items():
        for before in (0, FLAGS["underflow"], ALL_FLAGS):
            if (after := flags_after(call, before)) != before:
                changed[way] = named(before), named(after)
    assert changed == {}, "flags before and after"


# --- Code of others --------------------------------------------------------------------------------------------------


class Watcher:
    """An operand that computes for itself, and sees what surrounds it."""

    def __array_ufunc__(self, ufunc, method, *operands, **options):
        return np.geterr()["over"], rounding_mode()


@pytest.mark.parametrize(
    "call",
    [
        lambda: fa.silu(Watcher()),
        lambda: fa.silu([1.0], out=Watcher()),
        lambda: fa.silu.value_and_grad([1.0], out=(None, Watcher())),
        lambda: fa.silu.backward(1.0, Watcher()),
        lambda: fa.leaky_relu([1.0], negative_slope=Watcher()),
        lambda: fa.silu.at(Watcher(), [0]),
        lambda: fa.swiglu.outer([1.0], Watcher()),
    ],
)
def test_an_operand_that_computes_for_itself_has_the_callers_environment(call):
    with np.errstate(over="raise"), rounding(MODES["upward"]):
        assert call() == ("raise", MODES["upward"])


class Failing:
    """An operand that cannot become an array."""

    def __array__(self, dtype=None, copy=None):
        raise KeyError("no array")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("__call__", [Failing(), 1.0]),
        ("at", [np.zeros(1), [0], Failing()]),
        ("outer", [Failing(), 1.0]),
        ("reduce", [Failing()]),
        ("accumulate", [Failing()]),
        ("reduceat", [Failing(), [0]]),
    ],
)
def test_environment_after_an_exception(method, arguments):
    with strict("upward"), pytest.raises(KeyError, match="no array"):
        getattr(fa.silu.backward, method)(*arguments)


def test_methods_are_described_as_numpys():
    assert fa.silu.at.__doc__ == np.exp.at.__doc__
    assert fa.swiglu.reduce.__name__ == "reduce"
    assert repr(fa.swiglu.reduce) == repr(np.exp.reduce).replace(hex(id(np.exp)), hex(id(fa.swiglu)))
    assert pickle.loads(pickle.dumps(fa.swiglu.reduce))([2.0, 3.0]) == fa.swiglu(2.0, 3.0)
    with pytest.raises(ValueError, match="binary"):
        fa.silu.reduce([1.0])
