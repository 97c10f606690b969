"""Threads: how many, that they change nothing, and that they get on with others' threads."""

import functools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from calls import (
    LAYOUTS,
    UFUNCS,
    arrays_for,
    assert_same,
    call,
    laid_out,
    make_array,
    name_of,
    one_per_path,
    outputs,
    run_python,
)
from ufunc_cases import each_path

import fastact as fa
from fastact import _ufuncs

LARGE = (60, 7, 401)  # enough elements that every function is worth two threads


@pytest.fixture(autouse=True)
def number_of_threads():
    before = fa.get_num_threads()
    yield
    fa.set_num_threads(before)


def with_threads(count, function, *args, **options):
    fa.set_num_threads(count)
    return function(*args, **options)


# --- How many --------------------------------------------------------------------------------------------------------


def test_number_can_be_set():
    for count in (1, 3, np.int64(2)):
        fa.set_num_threads(count)
        assert fa.get_num_threads() == count


@pytest.mark.parametrize("count", [0, -1, 2**31, 10**30])
def test_number_has_to_be_positive(count):
    with pytest.raises(ValueError, match=r"^n: "):
        fa.set_num_threads(count)


@pytest.mark.parametrize("count", [1.0, "2", None])
def test_number_has_to_be_an_int(count):
    with pytest.raises(TypeError, match=r"^n: "):
        fa.set_num_threads(count)


def test_default_is_what_the_process_may_use():
    run = run_python("import fastact; print(fastact.get_num_threads())")
    assert run.stderr == ""
    assert 1 <= int(run.stdout) <= len(os.sched_getaffinity(0))


def test_default_honours_the_affinity_mask():
    run = run_python(
        "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1]); "
        "import fastact; print(fastact.get_num_threads())"
    )
    assert (run.stdout, run.stderr) == ("1\n", "")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"FASTACT_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"FASTACT_NUM_THREADS": "1", "OMP_NUM_THREADS": "3"}, 1),
    ],
)
def test_default_honours_the_environment(environment, expected):
    run = run_python("import fastact; print(fastact.get_num_threads())", **environment)
    assert (run.stdout, run.stderr) == (f"{expected}\n", "")


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "2 threads"])
def test_malformed_environment_is_named(value):
    run = run_python("import fastact", FASTACT_NUM_THREADS=value)
    assert run.returncode != 0
    assert run.stderr.splitlines()[-1].startswith(f"ImportError: FASTACT_NUM_THREADS={value!r}")
    run = run_python("import fastact; print(fastact.get_num_threads())", OMP_NUM_THREADS=value)
    assert run.returncode == 0
    assert f"RuntimeWarning: OMP_NUM_THREADS={value!r}" in run.stderr


# --- They change nothing ---------------------------------------------------------------------------------------------


def assert_same_on_threads(function, *arrays, **options):
    expected = with_threads(1, function, *arrays, **options)
    for count in (2, 3):
        result = with_threads(count, function, *arrays, **options)
        assert_same(result, expected)
        assert [out.strides for out in outputs(result)] == [out.strides for out in outputs(expected)]


@each_path
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(ufunc, layout):
    assert_same_on_threads(lambda *arrays: call(ufunc, *arrays), *laid_out(ufunc, layout, LARGE))


@each_path
@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float64])
def test_types(ufunc, dtype):
    for layout in ("contiguous", "every second column"):
        arrays = laid_out(ufunc, layout, LARGE, dtype if dtype is not np.uint64 else np.int64)
        assert_same_on_threads(lambda *arrays: call(ufunc, *arrays), *(array.astype(dtype) for array in arrays))


@pytest.mark.parametrize("ufunc", one_per_path(ufunc for ufunc in UFUNCS if ufunc.nin > 1), ids=name_of)
def test_broadcasting_and_mixed_types(ufunc):
    shapes = [LARGE, LARGE[1:], (LARGE[0], 1, 1), (1, LARGE[2])]
    types = [np.float32, np.float64, np.int16, np.float16]
    operands = [make_array(shape, dtype, 1) for shape, dtype in zip(shapes, types, strict=True)][: ufunc.nin]
    assert_same_on_threads(ufunc, *operands)
    assert_same_on_threads(ufunc, *operands[::-1])


@each_path
@pytest.mark.parametrize("layout", ["contiguous", "fortran", "every second column", "byte-swapped", "unaligned"])
def test_out(ufunc, layout):
    arrays = laid_out(ufunc, "every third row", LARGE)
    expected = with_threads(1, call, ufunc, *arrays)
    for dtype in (np.float32, np.float64):
        given = tuple(LAYOUTS[layout](LARGE, functools.partial(np.zeros, dtype=dtype)) for _ in range(ufunc.nout))
        result = outputs(with_threads(2, call, ufunc, *arrays, out=given))
        assert all(got is out for got, out in zip(result, given, strict=True))
        assert_same(tuple(out.astype(np.float32) for out in given), expected)


@each_path
@pytest.mark.parametrize("shift", [-1000, -1, 0, 1, 1000])
@pytest.mark.parametrize("step", [1, -2])
def test_overlapping_out(ufunc, shift, step):
    n = 150_000
    arrays = arrays_for(ufunc, n)
    expected = outputs(with_threads(1, call, ufunc, *arrays))[0]
    memory = np.zeros(abs(step) * (n + 2 * abs(shift)), np.float32)[::step]
    source = memory[abs(shift) :][:n]
    target = memory[abs(shift) + shift :][:n]
    source[:] = arrays[-1]
    with_threads(2, call, ufunc, *arrays[:-1], source, out=(target, np.empty(n, np.float32))[: ufunc.nout])
    assert_same(target.copy(), expected)


@each_path
def test_out_with_more_elements_than_the_inputs(ufunc):
    arrays = laid_out(ufunc, "every second column", LARGE)
    expected = outputs(with_threads(1, call, ufunc, *arrays))
    given = tuple(np.full((3, *LARGE), 7, np.float32) for _ in range(ufunc.nout))
    with_threads(2, call, ufunc, *arrays, out=given)
    for out, want in zip(given, expected, strict=True):
        assert_same(out, np.broadcast_to(want, out.shape))


@each_path
def test_errors_are_numpys(ufunc):
    arrays = laid_out(ufunc, "every second column", LARGE)
    for dtype in (np.int32, "M8[s]"):
        given = tuple(np.zeros(LARGE, dtype) for _ in range(ufunc.nout))
        with pytest.raises(TypeError, match="casting rule"):
            with_threads(2, call, ufunc, *arrays, out=given)
        assert not any(out.view(np.int8).any() for out in given)
    with pytest.raises(ValueError, match="broadcast"):
        with_threads(2, call, ufunc, *arrays, out=tuple(np.zeros(LARGE[1:]) for _ in range(ufunc.nout)))


# --- They get on with others -----------------------------------------------------------------------------------------


def test_calls_from_many_python_threads():
    inputs = [make_array(LARGE, seed=seed) for seed in range(16)]
    fa.set_num_threads(2)
    expected = [fa.gelu(x) for x in inputs]
    strided = [np.repeat(x, 2, axis=-1)[..., ::2] for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        for results in (pool.map(fa.gelu, inputs * 4), pool.map(fa.gelu, strided * 4)):
            for result, want in zip(results, expected * 4, strict=True):
                assert_same(result, want)


def test_openmp_is_used_where_it_is_there():
    """The libraries loaded by a parallel call tell."""
    maps = "/proc/self/maps"
    if not os.path.exists(maps):
        pytest.skip("this system does not list a process's libraries")
    program = f"import fastact; print(any('omp' in line.rpartition('/')[2] for line in open({maps!r})))"
    assert run_python(program).stdout == f"{_ufuncs.has_openmp()}\n"
