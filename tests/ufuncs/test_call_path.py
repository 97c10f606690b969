"""The ways a call can take give the same bits, types and layouts, and an element the same bits wherever it stands."""

import itertools
import sys

import numpy as np
import pytest
from calls import (
    LAYOUTS,
    arrays_for,
    assert_same,
    call,
    laid_out,
    make_array,
    outputs,
    parameters_of,
    run_python,
)
from conftest import on_isa, on_threads
from ufunc_cases import FLOATS, each_path, each_path_with_parameters, every_ufunc

import fastact as fa
from fastact import _ufuncs

LARGE = 100_000
FIRST = 17  # one block and one element, in float32


def numpy_path(ufunc, *arrays, **options):
    """Call with an option that only NumPy's machinery understands."""
    return call(ufunc, *arrays, where=True, **options)


def assert_same_layout(result, expected):
    for got, want in zip(outputs(result), outputs(expected), strict=True):
        assert type(got) is type(want)
        assert [s for s, n in zip(got.strides, got.shape, strict=True) if n > 1] == [
            s for s, n in zip(want.strides, want.shape, strict=True) if n > 1
        ]
        assert (got.flags.c_contiguous, got.flags.f_contiguous) == (want.flags.c_contiguous, want.flags.f_contiguous)
        assert got.flags.writeable
        assert got.flags.owndata


# --- The paths agree -------------------------------------------------------------------------------------------------


@each_path
@pytest.mark.parametrize("layout", LAYOUTS)
def test_paths_agree(ufunc, layout):
    for dtype, shape in itertools.product(FLOATS, [(5,), (2, 3), (1, 7), (7, 1), (2, 3, 5), (600,), (20, 50)]):
        arrays = laid_out(ufunc, layout, shape, dtype)
        result, expected = call(ufunc, *arrays), numpy_path(ufunc, *arrays)
        assert_same(result, expected)
        assert_same_layout(result, expected)


@each_path
def test_paths_agree_on_mixed_operands(ufunc):
    kinds = [bool, np.int8, np.int64, np.float16, np.float32, np.float64]
    for first, second in itertools.product(kinds, repeat=2):
        arrays = arrays_for(ufunc, (2, 3), first)[:1] + arrays_for(ufunc, (2, 3), second)[1:]
        result, expected = call(ufunc, *arrays), numpy_path(ufunc, *arrays)
        assert_same(result, expected)
        assert_same_layout(result, expected)


@each_path
def test_paths_agree_on_out(ufunc):
    shape = (4, 6)
    for layout, out_layout in itertools.product(LAYOUTS, ["contiguous", "fortran", "every second column"]):
        arrays = laid_out(ufunc, layout, shape)
        given, expected = (tuple(LAYOUTS[out_layout](shape, np.empty) for _ in range(ufunc.nout)) for _ in range(2))
        assert all(got is out for got, out in zip(outputs(call(ufunc, *arrays, out=given)), given, strict=True))
        numpy_path(ufunc, *arrays, out=expected)
        assert_same(given, expected)


@each_path_with_parameters
@pytest.mark.parametrize(
    "value", [0, 1, -2, 0.1, -0.0, 1e-30, 1e30, float("inf"), float("nan"), 2**62, True, np.float32(0.3), 1e-320]
)
def test_paths_agree_on_parameters(ufunc, value):
    parameters = dict.fromkeys(parameters_of(ufunc), value)
    for dtype in (np.float32, np.float64):
        arrays = arrays_for(ufunc, 40, dtype)
        assert_same(ufunc(*arrays, **parameters), ufunc(*arrays, **parameters, where=True))


@each_path_with_parameters
@pytest.mark.parametrize("value", [1e300, -1e39, 10**200])
def test_parameters_too_large_for_the_type_are_infinite_on_every_path(ufunc, value):
    arrays, infinity = arrays_for(ufunc, 40), np.float32(np.inf if value > 0 else -np.inf)
    expected = ufunc(*arrays, **dict.fromkeys(parameters_of(ufunc), infinity))
    for options in ({}, {"where": True}):
        assert_same(ufunc(*arrays, **dict.fromkeys(parameters_of(ufunc), value), **options), expected)


@each_path
def test_two_outputs_in_one_place_go_to_numpy(ufunc):
    """What NumPy makes of an output given twice or overlapping another is its affair; here it must be the same."""
    if ufunc.nout == 1:
        arrays = arrays_for(ufunc, 20)
        given = np.empty(21, np.float32)
        call(ufunc, *arrays, out=given[1:])
        assert_same(given[1:].copy(), numpy_path(ufunc, *arrays))
        return
    arrays = arrays_for(ufunc, 20)
    ours, numpys = np.zeros((2, 21), np.float32)
    call(ufunc, *arrays, out=(ours[1:], ours[:-1]))
    numpy_path(ufunc, *arrays, out=(numpys[1:], numpys[:-1]))
    assert_same(ours, numpys)


@each_path
@pytest.mark.parametrize("size", [5, 200_000])
def test_out_with_one_element_for_all(ufunc, size):
    """Such an array from broadcast_arrays warns when it is written to; one made on purpose gets the last result."""
    arrays = arrays_for(ufunc, size)
    for path in (call, numpy_path):
        given = tuple(np.broadcast_arrays(np.zeros(1, np.float32), arrays[0])[0] for _ in range(ufunc.nout))
        with pytest.warns(DeprecationWarning, match="overlapping memory"):
            path(ufunc, *arrays, out=given)
    shared = tuple(np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (size,), (0,)) for _ in range(ufunc.nout))
    call(ufunc, *arrays, out=shared)
    assert_same(tuple(out[:1].copy() for out in shared), call(ufunc, *(array[-1:] for array in arrays)))


# --- An element's bits do not depend on its place --------------------------------------------------------------------


def heads(ufunc, *arrays):
    return tuple(output[:FIRST].copy() for output in outputs(call(ufunc, *arrays)))


@each_path
@pytest.mark.parametrize("dtype", FLOATS)
def test_bits_do_not_depend_on_place(ufunc, dtype, isa):
    long = arrays_for(ufunc, LARGE, dtype)
    alone = call(ufunc, *(array[:FIRST].copy() for array in long))
    strided = [np.repeat(array, 3)[::3] for array in long]
    reverse = [array[::-1].copy()[::-1] for array in long]
    offsets = (1, 2, 5, 8, 15, 16, 31, 4099)
    moved = [[np.concatenate([array[:offset], array[:FIRST], array]) for array in long] for offset in offsets]
    for threads in (1, 2):
        with on_threads(threads):
            for arrays in (long, strided, reverse):
                assert_same(heads(ufunc, *arrays), alone)
            for offset, arrays in zip(offsets, moved, strict=True):
                result = outputs(call(ufunc, *arrays))
                assert_same(tuple(output[offset : offset + FIRST] for output in result), alone)
    for k in range(FIRST):
        single = call(ufunc, *(array[k : k + 1] for array in long))
        assert_same(single, tuple(output[k : k + 1] for output in outputs(alone)))


@pytest.mark.skipif(
    not {"avx2", "avx512"} <= set(_ufuncs.runnable_isas()), reason="this machine does not run both AVX2 and AVX-512"
)
@every_ufunc
def test_avx2_and_avx512_give_the_same_bits(ufunc):
    for dtype in FLOATS:
        bits = np.random.default_rng(1).integers(0, 256, 40_000, np.uint8).view(dtype)
        arrays = [np.concatenate([array, bits]) for array in arrays_for(ufunc, 10_000, dtype)]
        results = []
        for isa in ("avx2", "avx512"):
            with on_isa(isa):
                results.append(call(ufunc, *arrays))
        assert_same(*results)


# --- The switches ----------------------------------------------------------------------------------------------------

DIGEST = """
import hashlib, numpy as np
from fastact import _ufuncs
digest = hashlib.sha256()
for name in (*_ufuncs.table, *_ufuncs.gated):
    parameters = _ufuncs.table.get(name, {})
    given = {p: 0.25 if value is None else value for p, value in parameters.items()}
    for operation in _ufuncs.operations(name):
        ufunc = _ufuncs.get(name, operation)
        arrays = [np.linspace(-9, 9, 50_000, dtype=np.float32)] * (ufunc.nin - len(given))
        for operands in (arrays, [a[:16] for a in arrays], [a.astype(int) for a in arrays], [a[::3] for a in arrays]):
            digest.update(np.array(ufunc(*operands, **given)).tobytes())
print(digest.hexdigest(), _ufuncs.has_fast_path())
"""


def test_fast_path_can_be_switched_off():
    on, off, default = (
        run_python(DIGEST, **environment)
        for environment in ({"FASTACT_FAST_PATH": "1"}, {"FASTACT_FAST_PATH": "0"}, {})
    )
    assert (on.stderr, off.stderr, default.stderr) == ("", "", "")
    digest, switch = on.stdout.split()
    assert switch == "True"
    assert off.stdout.split() == [digest, "False"]
    assert default.stdout == on.stdout


@pytest.mark.parametrize("value", ["", "2", "yes"])
def test_bad_switch_is_named(value):
    run = run_python("import fastact", FASTACT_FAST_PATH=value)
    assert run.returncode != 0
    assert run.stderr.splitlines()[-1] == f"ImportError: FASTACT_FAST_PATH={value!r} is neither 0 nor 1"


@pytest.mark.parametrize("isa", _ufuncs.runnable_isas())
def test_isa_can_be_forced(isa):
    run = run_python("from fastact import _ufuncs; print(_ufuncs.isa())", FASTACT_ISA=isa)
    assert (run.stdout, run.stderr) == (f"{isa}\n", "")


@pytest.mark.parametrize(
    "isa", ["avx1024", "AVX2", " avx2", *sorted({"avx2", "avx512", "neon"} - {*_ufuncs.runnable_isas()})]
)
def test_bad_isa_is_an_import_error_that_lists_the_runnable(isa):
    run = run_python("import fastact", FASTACT_ISA=isa)
    assert run.returncode != 0
    message = run.stderr.splitlines()[-1]
    assert message.startswith("ImportError: FASTACT_ISA=")
    for name in (repr(isa), *_ufuncs.runnable_isas()):
        assert name in message


def test_select_isa_refuses_what_does_not_run():
    with pytest.raises(ValueError, match=", ".join(_ufuncs.runnable_isas())):
        _ufuncs.select_isa("avx1024")


def test_import_passes_the_test_of_the_slot_and_starts_no_thread():
    """A slot that does not work warns, and warnings are errors here."""
    run = run_python(
        "import os, numpy; before = os.listdir('/proc/self/task'); import fastact; "
        "print(len(before) == len(os.listdir('/proc/self/task')), fastact.leaky_relu(-1.0))"
    )
    assert (run.stdout, run.stderr) == ("True -0.01\n", "")


def refused(function, *args, **options):
    with pytest.raises(TypeError):
        function(*args, **options)


def test_memory_is_not_lost():
    """Every path gives back what it takes: no reference is left on operands, parameters and outputs."""
    slope, x, out = 0.7312, make_array(LARGE), np.empty(LARGE, np.float32)
    calls = [
        lambda: fa.leaky_relu(x, slope),
        lambda: fa.leaky_relu(x, negative_slope=slope),
        lambda: fa.leaky_relu(x, slope, out=out),
        lambda: fa.leaky_relu(x[::2], slope, out[::2]),
        lambda: fa.leaky_relu(x[::2], negative_slope=slope),
        lambda: fa.leaky_relu(x, slope, where=True, out=out),
        lambda: fa.leaky_relu.value_and_grad(x, slope, out=(out, None)),
        lambda: fa.leaky_relu.value_and_grad(x[::2], slope),
        lambda: refused(fa.leaky_relu, x, slope, negative_slope=slope),
        lambda: refused(fa.leaky_relu, x, slope, steepness=slope),
        lambda: refused(fa.leaky_relu, x, alpha=slope),
        lambda: refused(fa.leaky_relu, "x", slope, out),
    ]
    for function in calls:
        function()
    before = [sys.getrefcount(thing) for thing in (slope, x, out, None)]
    for function in calls * 20:
        function()
    after = [sys.getrefcount(thing) for thing in (slope, x, out, None)]
    assert np.abs(np.subtract(after, before)).max() < 10
