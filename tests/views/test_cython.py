"""What `cimport` brings from fastact.views: the functions themselves, by ctypes, and a package built on them."""

import ctypes
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from calls import arrays_for, assert_same, case_per_path, outputs, parameters_of
from conftest import CASES, DERIVATIVES, TYPES, on_threads, same_bits
from documents import ROOT, scripts

import fastact
from fastact import _ufuncs, views
from fastact._ufuncs import arrays_of, table

EXAMPLE = ROOT / "docs" / "examples" / "cython_package"
REALS = {np.float32: ctypes.c_float, np.float64: ctypes.c_double}
SUFFIXES = {np.float32: "f32", np.float64: "f64"}
UNTOUCHED = 12345
LARGE = 170_001  # enough elements that every function is worth two threads; no whole number of blocks
SCALARS = [(name, "forward") for name in table] + DERIVATIVES  # one number of one
every_case = pytest.mark.parametrize("case", CASES)
each_path = pytest.mark.parametrize("case", case_per_path(CASES))
every_type = pytest.mark.parametrize("dtype", TYPES)

get_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class Slice(ctypes.Structure):
    """What Cython passes for a memoryview."""

    _fields_ = (
        ("memview", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        *((part, ctypes.c_ssize_t * 8) for part in ("shape", "strides", "suboffsets")),
    )


def slice_of(array):
    size = (ctypes.c_ssize_t * 8)(array.size)
    return Slice(None, array.ctypes.data, size, (ctypes.c_ssize_t * 8)(array.itemsize), (ctypes.c_ssize_t * 8)(-1))


def function(name, result, *arguments, make=ctypes.CFUNCTYPE):
    """The C function that a capsule holds."""
    capsule = views.__pyx_capi__[name]
    return make(result, *arguments)(get_pointer(capsule, get_name(capsule)))


def full_name(case):
    name, operation = case
    return name if operation == "forward" else f"{name}_{operation}"


def call_pointers(case, inputs, parameters, outs, n):
    dtype = outs[0].dtype.type
    arguments = [*inputs, *parameters, *outs]
    types = [REALS[dtype] if np.isscalar(a) else ctypes.c_void_p for a in arguments]
    given = [a if np.isscalar(a) else a.ctypes.data for a in arguments]
    function(f"{full_name(case)}_{SUFFIXES[dtype]}", None, *types, ctypes.c_ssize_t)(*given, n)


def call_memoryviews(case, inputs, parameters, outs):
    dtype = outs[0].dtype.type
    arguments = [*inputs, *parameters, *outs]
    types = [REALS[dtype] if np.isscalar(a) else Slice for a in arguments]
    given = [a if np.isscalar(a) else slice_of(a) for a in arguments]
    name = f"{full_name(case)}_{SUFFIXES[dtype]}_view"
    return function(name, ctypes.c_int, *types, make=ctypes.PYFUNCTYPE)(*given)


def operands(case, n, dtype):
    """Inputs, parameters and outputs of an operation, and what the ufunc makes of them."""
    ufunc = _ufuncs.get(*case)
    inputs = arrays_for(ufunc, n, dtype)
    parameters = [float(value) + 0.25 for value in parameters_of(ufunc).values()]
    outs = [np.full(n, UNTOUCHED, dtype) for _ in range(ufunc.nout)]
    return inputs, parameters, outs, outputs(ufunc(*inputs, *parameters))


# --- The functions ---------------------------------------------------------------------------------------------------


def test_names_are_those_of_the_table():
    arrays = [
        f"{full_name(case)}_{type}{form}" for case in CASES for type in SUFFIXES.values() for form in ("", "_view")
    ]
    scalar = [f"{full_name(case)}_scalar" for case in SCALARS if None not in table[case[0]].values()]
    scalars = [f"{full_name(case)}_scalars" for case in SCALARS if table[case[0]]]
    assert set(views.__pyx_capi__) == {*arrays, *scalar, *scalars}


@every_case
@every_type
def test_pointers_and_memoryviews(case, dtype):
    for n in (0, 1, 16, 100, 1000):
        inputs, parameters, outs, want = operands(case, n, dtype)
        call_pointers(case, inputs, parameters, outs, n)
        assert_same(tuple(outs), want)
        again = [np.full_like(out, UNTOUCHED) for out in outs]
        assert call_memoryviews(case, inputs, parameters, again) == 0
        assert_same(tuple(again), want)


@every_type
@each_path
def test_threads_change_nothing(case, dtype):
    inputs, parameters, outs, want = operands(case, LARGE, dtype)
    again = [out.copy() for out in outs]
    with on_threads(2):
        call_pointers(case, inputs, parameters, outs, LARGE)
        call_memoryviews(case, inputs, parameters, again)
    assert_same(tuple(outs), want)
    assert_same(tuple(again), want)


@each_path
def test_in_place(case):
    inputs, parameters, outs, want = operands(case, 100, np.float32)
    copies = [x.copy() for x in inputs]
    call_pointers(case, copies, parameters, [copies[0], *outs[1:]], 100)
    assert_same((copies[0], *outs[1:]), want)
    assert call_memoryviews(case, inputs, parameters, [inputs[0], *outs[1:]]) == 0
    assert_same((inputs[0], *outs[1:]), want)


@each_path
def test_a_negative_number_of_elements_is_none(case):
    inputs, parameters, outs, _ = operands(case, 5, np.float32)
    call_pointers(case, inputs, parameters, outs, -1)
    assert all((out == UNTOUCHED).all() for out in outs)


@each_path
@every_type
def test_memoryviews_of_other_lengths_are_refused(case, dtype):
    inputs, parameters, outs, _ = operands(case, 20, dtype)
    names = [*arrays_of(*case), *["out", "out_grad"][: len(outs)]]
    arrays = [*inputs, *outs]
    for k in range(1, len(arrays)):
        given = [a[:19] if j == k else a for j, a in enumerate(arrays)]
        with pytest.raises(ValueError, match=rf"^{names[k]}: 19 elements for 20 of {names[0]}$"):
            call_memoryviews(case, given[: len(inputs)], parameters, given[len(inputs) :])
    assert all((out == UNTOUCHED).all() for out in outs)


@each_path
@every_type
def test_memoryviews_that_overlap_are_refused(case, dtype):
    inputs, parameters, outs, _ = operands(case, 20, dtype)
    memory = np.full(21, UNTOUCHED, dtype)
    name = "out" if len(outs) == 1 else "out_grad"
    with pytest.raises(ValueError, match=rf"^{name}: it shares memory with {arrays_of(*case)[-1]};"):
        call_memoryviews(case, [*inputs[:-1], memory[:-1]], parameters, [*outs[:-1], memory[1:]])
    if len(outs) == 2:
        with pytest.raises(ValueError, match=r"^out_grad: it shares memory with out;"):
            call_memoryviews(case, inputs, parameters, [outs[0], outs[0]])
    assert (memory == UNTOUCHED).all()
    assert all((out == UNTOUCHED).all() for out in outs)


# --- Single numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SCALARS)
def test_scalars(case):
    ufunc = _ufuncs.get(*case)
    defaults = table[case[0]]
    x = 0.7
    if None not in defaults.values():
        scalar = function(f"{full_name(case)}_scalar", ctypes.c_double, ctypes.c_double)
        assert same_bits(np.float64(scalar(x)), ufunc(np.float64(x), **defaults))
    if defaults:
        scalars = function(f"{full_name(case)}_scalars", ctypes.c_double, ctypes.c_int, ctypes.c_void_p)
        given = [x, *(value + 0.25 for value in parameters_of(ufunc).values())]
        for count in range(len(given) + 1):
            values = np.array(given[:count])
            parameters = dict(zip(defaults, given[1:count], strict=False))
            completed = defaults | parameters
            want = np.nan if count == 0 or None in completed.values() else ufunc(np.float64(x), **completed)
            np.testing.assert_array_equal(scalars(count, values.ctypes.data), want)


@pytest.mark.parametrize(
    ("name", "args", "low", "high", "integral"),
    [
        ("sigmoid_scalar", [], -3, 3, 3),
        ("silu_grad_scalar", [], 0, 2, 2 * fastact.sigmoid(2.0)),
        ("swish_grad_scalars", [1.5], 0, 2, fastact.swish(2.0, 1.5)),
        ("swish_grad_scalars", [], 0, 2, fastact.swish(2.0)),
        ("hard_tanh_scalars", [-1.0, 4.0], 0, 3, 4.5),
        ("threshold_scalars", [1.0, 7.0], 0, 2, 7 + 1.5),
    ],
)
def test_scipy_integrates(name, args, low, high, integral):
    scipy = pytest.importorskip("scipy", reason="SciPy is not installed")
    from scipy.integrate import quad

    callback = scipy.LowLevelCallable.from_cython(views, name)
    value, error = quad(callback, low, high, args=tuple(args), points=[1] if name.startswith("threshold") else None)
    assert value == pytest.approx(integral, abs=1e-12)
    assert error < 1e-7


# --- A package of others ---------------------------------------------------------------------------------------------


def run(*command, folder):
    """Run Python with the fastact under test, and nothing of this folder."""
    environment = os.environ | {"PYTHONPATH": str(Path(fastact.__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.compiles
def test_example_builds_and_runs(tmp_path):
    pytest.importorskip("Cython", reason="Cython is not installed")
    pytest.importorskip("setuptools", reason="setuptools is not installed")
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    built = run("setup.py", "build_ext", "--inplace", folder=tmp_path)
    assert built.returncode == 0, built.stderr
    checked = run("check.py", folder=tmp_path)
    assert (checked.stdout, checked.stderr) == ("refused: out: 999 elements for 1000 of x\ngates: right\n", "")


def test_recipe_installs_what_a_build_requires():
    requires = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["build-system"]["requires"]
    named = " ".join(f'"{requirement}"' for requirement in requires if requirement != "fastact")
    assert scripts("docs/cython.md")["From Cython"].startswith(f"pip install {named}\n")
