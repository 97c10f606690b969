"""Softmax, log_softmax, softmin, logsumexp and their gradients: values of SciPy, special values, refusals, examples."""

import inspect
import itertools
import pickle
import platform
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from calls import assert_same, run_python
from softmax_calls import (
    LONG,
    MAPS,
    TOLERANCE,
    call,
    draw,
    each_float,
    every_function,
    every_map,
    every_operation,
)
from test_docstrings import run_examples

import fastact as fa
from fastact._cli._layer_errors import LENGTHS
from fastact._softmax_docs import BOUND, GRADIENT_BOUND, LOGARITHMS_WITHOUT_FMA

SHAPES = [
    (),
    (1,),
    (7,),
    (3, 10),
    (10, 3),
    (5, 64),
    (4, 100),
    (3, 513),
    (20, 3, 5),
    (4, 21, 40),
    (3, 70, 130),
    (2, 3, 4, 5),
]


def scipys(name, x, axis):
    """SciPy's result in float64, silently."""
    with np.errstate(all="ignore"):
        if name == "softmin":
            return scipy.special.softmax(-np.asarray(x, float), axis=axis)
        result = getattr(scipy.special, name)(np.asarray(x, float), axis=axis)
        return np.reshape(result, ()) if np.ndim(x) == 0 else result  # SciPy's logsumexp gives an axis to a scalar


def all_axes(ndim):
    """None, every axis from either end, and every set of axes."""
    sets = [axes for count in range(ndim + 1) for axes in itertools.combinations(range(ndim), count)]
    return [None, *range(-ndim, ndim), *sets]


# --- Against SciPy ---------------------------------------------------------------------------------------------------


@each_float
@every_function
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_is_scipys_over_any_axes(name, shape, dtype):
    x = draw(shape, dtype)
    for axis in all_axes(x.ndim):
        got, want = call(name, x, axis=axis), scipys(name, x, axis)
        assert got.dtype == dtype
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@every_function
@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.int64])
def test_integers_give_float64(name, dtype):
    x = draw((4, 60), np.float64).astype(dtype)
    got = call(name, x, axis=-1)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, scipys(name, x, -1), rtol=1e-14, atol=1e-14)


def test_default_axis_is_the_last_one_and_all_for_logsumexp():
    x = draw((3, 4), np.float64)
    for name in MAPS:
        assert_same(call(name, x), call(name, x, axis=1))
    assert_same(fa.logsumexp(x), fa.logsumexp(x, axis=(0, 1)))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), ()])
def test_keepdims(axis):
    x = draw((3, 4, 5), np.float32)
    kept = fa.logsumexp(x, axis=axis, keepdims=True)
    assert kept.shape == np.sum(x, axis=axis, keepdims=True).shape
    assert_same(kept.reshape(np.shape(fa.logsumexp(x, axis=axis))), np.asarray(fa.logsumexp(x, axis=axis)))


@every_map
def test_scalars_give_scalars(name):
    assert type(call(name, 3.0)) is np.float64
    assert type(call(name, np.float32(3), axis=None)) is np.float32
    assert call(name, 3.0) == scipys(name, 3.0, None)
    assert type(fa.logsumexp([1.0, 2.0])) is np.float64


# --- Identities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", LENGTHS)
def test_a_shift_that_is_exact_changes_nothing(n):
    x = np.random.default_rng(n).integers(-1000, 1000, n).astype(np.float32) / 64
    for shift in (512, -4096):
        assert_same(fa.softmax(x + np.float32(shift)), fa.softmax(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [*LENGTHS, LONG])
def test_rows_sum_to_one(n, dtype):
    y = fa.softmax(draw((3, n), dtype)).astype(np.longdouble)
    np.testing.assert_allclose(y.sum(-1).astype(float), 1, rtol=0, atol=4 * np.finfo(dtype).eps)


def test_log_softmax_is_the_logarithm_of_softmax():
    x = draw((20, 300), np.float64)
    np.testing.assert_allclose(fa.log_softmax(x), np.log(fa.softmax(x)), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(fa.log_softmax(x), x - fa.logsumexp(x, axis=-1, keepdims=True), rtol=1e-14, atol=1e-14)


def test_softmin_is_softmax_of_minus_x():
    x = draw((5, 70), np.float32)
    assert_same(fa.softmin(x), fa.softmax(-x))
    assert_same(fa.softmin.backward(x, fa.softmin(x)), -fa.softmax.backward(x, fa.softmax(-x)))


@pytest.mark.parametrize("n", LENGTHS)
def test_equal_entries_share_alike(n):
    assert_same(fa.softmax(np.full(n, 3, np.float32)), np.full(n, np.float32(1) / np.float32(n)))


# --- Special values --------------------------------------------------------------------------------------------------


SPECIAL = [np.inf, -np.inf, np.nan, 0.0, 1.0, -1.0]


@each_float
@every_function
@pytest.mark.parametrize("size", [1, 2, 3, 80])
def test_special_values_are_scipys(name, dtype, size):
    """Every three of them, alone and at the ends of a longer row, as rows and as columns."""
    rows = []
    for values in itertools.product(SPECIAL, repeat=min(size, 3)):
        row = np.zeros(size)
        row[: len(values)] = values
        row[len(values) - size - 1 :] = np.roll(row[len(values) - size - 1 :], -1)
        rows.append(row)
    x = np.array(rows, dtype)
    want = scipys(name, x, -1)
    for got in (call(name, x, axis=-1), call(name, x.T.copy(), axis=0).T):
        np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_nan_stays_in_its_row():
    for n in (5, 100):
        x = draw((40, n), np.float32)
        expected = fa.softmax(x)
        x[3, n // 2] = np.nan
        y = fa.softmax(x)
        assert np.isnan(y[3]).all()
        assert_same(np.delete(y, 3, 0), np.delete(expected, 3, 0))
        assert_same(fa.softmax(x.T.copy(), axis=0).T, y)


def test_nothing_but_minus_infinity():
    for n in (1, 10, 100):
        x = np.full(n, -np.inf)
        assert np.isnan(fa.softmax(x)).all()
        assert np.isnan(fa.log_softmax(x)).all()
        assert fa.logsumexp(x) == -np.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends_of_the_range(dtype):
    largest = np.finfo(dtype).max
    for n in (3, 100):
        x = np.full(n, -largest, dtype)
        x[-1] = largest
        np.testing.assert_array_equal(fa.softmax(x), np.arange(n) == n - 1)
        assert fa.log_softmax(x)[-1] == 0
        assert fa.log_softmax(x)[0] == -np.inf  # -2 largest
        assert fa.logsumexp(x) == largest


@every_function
@pytest.mark.parametrize(
    ("shape", "axis"), [((0,), 0), ((0,), None), ((0, 3), 0), ((3, 0), 0), ((3, 0), 1), ((2, 0, 3), (0, 2))]
)
def test_empty_arrays(name, shape, axis):
    got = call(name, np.zeros(shape, np.float32), axis=axis)
    assert got.dtype == np.float32
    if name == "logsumexp":
        with np.errstate(divide="ignore"):
            assert_same(np.asarray(got), np.asarray(np.log(np.sum(np.zeros(shape, np.float32), axis=axis))))
    else:
        assert got.shape == shape


@every_function
def test_no_warning(name):
    x = np.array([[np.inf, np.nan, 1e30, 0], [-np.inf, -np.inf, -np.inf, -np.inf], [1e-37, -1e30, 3e38, -3e38]])
    far = np.array([[1e30, -1e30, 0, 1]] * 3)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for given, axis, dtype in itertools.product([x, x.astype(np.float32), far], [0, 1], [np.float16, np.float32]):
            call(name, given, axis=axis)
            out = np.empty(np.sum(far, axis=axis).shape if name == "logsumexp" else x.shape, dtype)
            call(name, given, axis=axis, out=out)


# --- Gradients -------------------------------------------------------------------------------------------------------


@every_map
@pytest.mark.parametrize(("shape", "axis"), [((12,), -1), ((3, 7), 0), ((2, 3, 4), (0, 2)), ((4, 5), None)])
def test_gradient_is_that_of_differences(name, shape, axis):
    x, dy = draw(shape, np.float64, 1, scale=1), draw(shape, np.float64, 2, scale=1)
    step = 1e-6
    want = np.zeros(shape)
    for place in np.ndindex(shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        want[place] = np.sum(dy * (call(name, up, axis=axis) - call(name, down, axis=axis))) / (2 * step)
    got = getattr(fa, name).backward(dy, call(name, x, axis=axis), axis=axis)
    np.testing.assert_allclose(got, want, atol=1e-8)


@every_map
def test_gradient_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x, dy = draw((6, 50), np.float64, 1), draw((6, 50), np.float64, 2)
    for axis in (0, 1):
        variable = torch.tensor(x, requires_grad=True)
        y = getattr(torch.nn.functional, name)(variable, dim=axis)
        y.backward(torch.tensor(dy))
        got = getattr(fa, name).backward(dy, y.detach().numpy(), axis=axis)
        np.testing.assert_allclose(got, variable.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_gradient_of_a_dominating_entry_and_of_masked_ones():
    y = fa.softmax([0.0, 1000.0, -np.inf])
    np.testing.assert_array_equal(fa.softmax.backward(np.ones(3), y), 0)
    log_y = fa.log_softmax([0.0, 1000.0, -np.inf])
    np.testing.assert_array_equal(fa.log_softmax.backward([0.0, 1.0, 0.0], log_y), [0, 0, 0])


def test_gradient_has_the_common_type():
    dy, y = draw((3, 4), np.float32), fa.softmax(draw((3, 4), np.float64))
    assert fa.softmax.backward(dy, y).dtype == np.float64
    assert fa.softmax.backward(dy, y.astype(np.float16)).dtype == np.float32
    assert fa.softmax.backward(np.ones((3, 4), int), y.astype(np.float32)).dtype == np.float64


# --- Bad arguments ---------------------------------------------------------------------------------------------------


@every_function
@pytest.mark.parametrize(
    "bad", [1j * np.ones(3), np.ones(3, np.longdouble), np.array([None]), ["a"], np.zeros(2, "M8[s]")]
)
def test_other_types_are_refused(name, bad):
    with pytest.raises(TypeError, match=r"^x: "):
        call(name, bad)


@every_function
def test_ragged_lists_are_refused(name):
    with pytest.raises(ValueError, match=r"^x: "):
        call(name, [[1.0], [1.0, 2.0]])


@every_function
@pytest.mark.parametrize(
    ("axis", "error", "match"),
    [
        (2, np.exceptions.AxisError, "^axis: 2 is out of bounds"),
        (-3, np.exceptions.AxisError, "^axis: -3 is out of bounds"),
        ((0, 5), np.exceptions.AxisError, "^axis: 5 is out of bounds"),
        ((0, 0), ValueError, "^axis: "),
        ((1, -1), ValueError, "^axis: "),
        (1.0, TypeError, "^axis: "),
        ("0", TypeError, "^axis: "),
    ],
)
def test_bad_axes(name, axis, error, match):
    with pytest.raises(error, match=match):
        call(name, np.ones((2, 3)), axis=axis)


@every_function
@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.full((2, 2), 9.0), ValueError),
        (np.full((3, 2), 9), TypeError),
        (np.full((3, 2), 9 + 0j).real.astype("M8[s]"), TypeError),
        ([[9.0, 9.0]] * 3, TypeError),
        (np.broadcast_to(9.0, (3, 2)), ValueError),
    ],
)
def test_bad_out(name, out, error):
    x = np.ones((3, 2))
    options = {"axis": (), "out": out} if name == "logsumexp" else {"out": out}
    with pytest.raises(error, match=r"^out: "):
        call(name, x, **options)
    assert np.all(np.asarray(out) == np.asarray(out).flat[0])


@every_map
def test_bad_gradients(name):
    backward = getattr(fa, name).backward
    with pytest.raises(ValueError, match=r"^dy: .*\(3,\).*y.*\(4,\)"):
        backward(np.ones(3), np.ones(4))
    with pytest.raises(TypeError, match=r"^dy: "):
        backward(np.ones(3) * 1j, np.ones(3))
    with pytest.raises(TypeError, match=r"^y: "):
        backward(np.ones(3), ["a", "b", "c"])
    with pytest.raises(np.exceptions.AxisError):
        backward(np.ones(3), np.ones(3), axis=1)


# --- As functions ----------------------------------------------------------------------------------------------------


@every_operation
def test_examples_run(function):
    assert run_examples(function.__doc__) >= 2


def test_the_page_has_the_bounds():
    page = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| `\w*(?:softmax|logsumexp).* \| (.+) \|$", page, re.MULTILINE)
    value, logarithm, gradient = [BOUND], [BOUND, LOGARITHMS_WITHOUT_FMA], [GRADIENT_BOUND]
    stated = [[int(number) for number in re.findall(r"\d+(?= ULP| eps| without)", cell)] for cell in cells]
    assert stated == [value, logarithm, logarithm, gradient, gradient]


@every_operation
def test_docstring_tells_of_every_argument(function):
    parameters = re.search(r"Parameters\n-+\n(.*?)\n\nReturns", inspect.getdoc(function), re.DOTALL)[1]
    assert re.findall(r"^(\w+) : ", parameters, re.MULTILINE) == list(inspect.signature(function).parameters)


@every_operation
def test_pickles_by_name(function):
    assert pickle.loads(pickle.dumps(function)) is function


@every_operation
def test_reference_agrees(function):
    x = draw((4, 30), np.float64)
    operands = [x, fa.softmax(x)] if "backward" in function.__qualname__ else [x]
    np.testing.assert_allclose(function(*operands), function.reference(*operands), rtol=1e-13, atol=1e-15)


@every_function
def test_formula_is_numpy(name):
    x = draw((20,), np.float64)
    with np.errstate(all="ignore"):
        want = eval(getattr(fa, name).formula, {"exp": np.exp, "log": np.log, "sum": np.sum, "x": x})
    np.testing.assert_allclose(call(name, x), want, rtol=1e-12)


def test_dask():
    array = pytest.importorskip("dask.array", reason="dask is not installed")
    x = draw((100, 30), np.float32)
    got = array.from_array(x, chunks=(40, 30)).map_blocks(fa.softmax, dtype=x.dtype).compute()
    assert_same(got, fa.softmax(x))


FLAGS = """
import ctypes, numpy as np, fastact as fa
libm = ctypes.CDLL(None)
x = np.array([[np.nan, np.inf, 1e-40, -3e38] * 30, [3e38, -3e38, -np.inf, 0] * 30], np.float32)
out, down = np.empty_like(x), 0x400
def run():
    for axis in (0, 1):
        fa.softmax(x, axis=axis, out=out)
        fa.log_softmax(x, axis=axis, out=out)
run()
libm.feclearexcept(0x3d)
run()
raised, expected = libm.fetestexcept(0x3d), out.copy()
libm.fesetround(down)
run()
one, more = 1.0, 1.25 * 2.0**-53  # fegetround tells the mode of x87 instructions alone
kept = one + more == one and -one - more < -one
libm.fesetround(0)
print(raised, kept, out.tobytes() == expected.tobytes())
"""


def test_floating_point_environment_is_kept():
    if platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        pytest.skip("the numbers of flags and modes are those of glibc on x86-64")
    run = run_python(FLAGS)
    assert (run.stdout, run.stderr) == ("0 True True\n", "")
