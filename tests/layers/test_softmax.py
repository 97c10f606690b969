"""Softmax, log_softmax, softmin, logsumexp and their gradients: right, to the stated bounds, the same everywhere."""

import inspect
import itertools
import pickle
import platform
import re
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.special
from calls import LAYOUTS, assert_same, run_python
from conftest import needs_longdouble, on_isa, on_threads, repetitions
from hypothesis import given, settings
from hypothesis import strategies as st
from test_docstrings import run_examples

import fastact as fa
from fastact import _ufuncs
from fastact._errors import has_fma
from fastact._layer_errors import DEEP, LENGTHS, ROWS, exact_rows, gradient_unit, rows
from fastact._softmax_docs import BOUND, GRADIENT_BOUND, LOGARITHMS_WITHOUT_FMA
from fastact._ulp import ulp

FLOATS = [np.float16, np.float32, np.float64]
MAPS = ["softmax", "log_softmax", "softmin"]
FUNCTIONS = [*MAPS, "logsumexp"]
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
TOLERANCE = {np.float16: 2e-3, np.float32: 1e-6, np.float64: 1e-14}

every_function = pytest.mark.parametrize("name", FUNCTIONS)
every_map = pytest.mark.parametrize("name", MAPS)
each_float = pytest.mark.parametrize("dtype", FLOATS)
single_and_double = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def call(name, x, **options):
    return getattr(fa, name)(x, **options)


def scipys(name, x, axis):
    """SciPy's result in float64, silently."""
    with np.errstate(all="ignore"):
        if name == "softmin":
            return scipy.special.softmax(-np.asarray(x, float), axis=axis)
        result = getattr(scipy.special, name)(np.asarray(x, float), axis=axis)
        return np.reshape(result, ()) if np.ndim(x) == 0 else result  # SciPy's logsumexp gives an axis to a scalar


def draw(shape, dtype, seed=0, scale=5):
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(dtype)


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


# --- Bounds ----------------------------------------------------------------------------------------------------------


LONG = repetitions(20_000, 100_000)


def judged_rows(kind, dtype):
    """Rows of every length, several of each, and a long one."""
    for n in [*LENGTHS[3:], LONG]:
        yield rows(kind, n, dtype.__name__, count=1 if n == LONG else 6)


def errors(kind, dtype):
    """The largest errors of softmax, log_softmax and logsumexp in units of their bounds."""
    largest = np.zeros(3)
    for x in judged_rows(kind, dtype):
        with np.errstate(all="ignore"):
            p, log_p, total, log_sum = exact_rows(x).values()
            finite = np.isfinite(log_p)
            found = [
                np.abs(fa.softmax(x) - p) / ulp(p, dtype),
                np.abs(fa.log_softmax(x) - log_p)[finite] / ulp(log_p, dtype)[finite],
                np.abs(fa.logsumexp(x, axis=-1, keepdims=True) - total)
                / np.maximum(ulp(total, dtype), ulp(log_sum, dtype)),
            ]
        largest = np.maximum(largest, [float(np.max(error)) for error in found])
    return largest


@needs_longdouble
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ROWS)
def test_bounds(kind, dtype, isa):
    softmax, log_softmax, logsumexp = errors(kind, dtype)
    assert softmax <= BOUND
    assert max(log_softmax, logsumexp) <= (BOUND if has_fma(isa) else LOGARITHMS_WITHOUT_FMA)


@pytest.mark.parametrize("axis", [0, 1])
def test_bounds_over_millions_of_equal_terms(axis, isa):
    """Roundings that all go the same way, those of float32's second word too."""
    x = np.full((2, 1 << 23), -np.float32(1.1))
    x[:, 0] = 0
    terms = np.exp(x[0, :2].astype(float))
    total = 1 + (x.shape[1] - 1) * terms[1]
    x = np.ascontiguousarray(x.T) if axis == 0 else x
    first = np.s_[:2, 0] if axis == 0 else np.s_[0, :2]
    for got, want in (
        (fa.softmax(x, axis=axis)[first], terms / total),
        (fa.log_softmax(x, axis=axis)[first], np.log(terms / total)),
        (fa.logsumexp(x, axis=axis)[:1], np.log([total])),
    ):
        assert np.all(np.abs(got - want) <= BOUND * np.spacing(np.abs(want).astype(np.float32)))


@needs_longdouble
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    ("dtype", "depths"), [(np.float32, (88, 100, 104, 110.5, 112, 114)), (np.float64, (709, 745, 752, 753.7, 755))]
)
def test_bounds_where_small_terms_are_all_there_is(dtype, depths, axis, isa):
    """Terms that are subnormal, or less than the smallest of these, and together are not."""
    count = 1 << 20
    for depth in depths:
        x = np.full((1, count + 1), -depth, dtype)
        x[0, 7] = 0
        want = np.log1p(count * np.exp(x[0, 0].astype(np.longdouble)))
        x = x.T.copy() if axis == 0 else x
        for got in (fa.logsumexp(x, axis=axis)[0], -fa.log_softmax(x, axis=axis).flat[7]):
            assert abs(got - want) <= BOUND * ulp(want, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ROWS)
def test_bounds_by_mpmath(kind, dtype):
    """As many digits as there are, on small rows."""
    mpmath = pytest.importorskip("mpmath", reason="the judge of this test")

    def unit(exact):
        return mpmath.mpf(
            float(ulp(np.longdouble(mpmath.nstr(exact, 25) if abs(exact) > mpmath.mpf("1e-400") else 0), dtype))
        )

    with mpmath.workdps(400):
        for n in (2, 5, 20):
            (x,) = rows(kind, n, dtype.__name__, count=1)
            values = [mpmath.mpf(float(v)) for v in x]
            total = mpmath.log(mpmath.fsum(mpmath.exp(v) for v in values))
            for i, v in enumerate(values):
                if mpmath.isinf(v):
                    continue
                for got, want in ((fa.softmax(x), mpmath.exp(v - total)), (fa.log_softmax(x), v - total)):
                    assert abs(mpmath.mpf(float(got[i])) - want) <= BOUND * unit(want)
            limit = BOUND * max(unit(total), unit(total - max(values)))
            assert abs(mpmath.mpf(float(fa.logsumexp(x))) - total) <= limit


@needs_longdouble
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [*LENGTHS, LONG])
def test_bounds_of_gradients(n, dtype, isa):
    dy, x = draw((3, n), dtype, 1, scale=1), draw((3, n), dtype, 2)
    for name in MAPS:
        y, backward = call(name, x), getattr(fa, name).backward
        wide = dy.astype(np.longdouble), y.astype(np.longdouble)
        error = np.abs(backward(dy, y) - backward.reference(*wide))
        assert np.all(error <= GRADIENT_BOUND * gradient_unit(name, *wide, dtype))


def of_any_size(shape, dtype):
    """Numbers between the largest and those whose products are subnormal; every other row begins with the largest."""
    finfo, rng = np.finfo(dtype), np.random.default_rng(shape)
    dy = rng.choice([-1, 1], shape) * 2.0 ** rng.uniform(finfo.minexp, finfo.maxexp, shape)
    dy[::2, :2] = finfo.max
    dy[::4, -1:] = -finfo.max
    return dy.astype(dtype)


@needs_longdouble
@single_and_double
@pytest.mark.parametrize("n", [*LENGTHS[1:], LONG])
@every_map
def test_bounds_of_gradients_of_any_size(name, n, dtype, isa):
    """Where the result is finite, neither a sum nor a difference on the way to it overflows."""
    dy, x = of_any_size((12, n), dtype), draw((12, n), dtype, 2)
    if n > 3:
        x[::3, 2] = np.inf if name == "softmin" else -np.inf
        dy[::3, 2] = np.finfo(dtype).tiny * dtype(1.1)
    y, backward = call(name, x), getattr(fa, name).backward
    dx = backward(dy, y)
    assert_same(backward(dy.T.copy(), y.T.copy(), axis=0).T, dx)
    assert_same(backward(dy[1], y[1]), dx[1])
    wide = dy.astype(np.longdouble), y.astype(np.longdouble)
    want, unit = backward.reference(*wide), gradient_unit(name, *wide, dtype)
    finite = np.abs(want) + GRADIENT_BOUND * unit < np.finfo(dtype).max
    assert np.mean(finite) > 0.4
    assert np.all(np.abs(dx - want)[finite] <= GRADIENT_BOUND * unit[finite])


@single_and_double
def test_gradients_of_the_largest_numbers(dtype, isa):
    largest = np.finfo(dtype).max
    dy, y = np.array([largest, -largest], dtype), np.array([0.25, 0.75], dtype)
    quotients = fa.softmax.backward(dy, y) / largest
    np.testing.assert_allclose(quotients, [0.375, -0.375], rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(fa.softmin.backward(dy, y), -fa.softmax.backward(dy, y))
    half = np.log(np.full(2, 0.5, dtype))
    np.testing.assert_allclose(fa.log_softmax.backward(abs(dy), half) / largest, 0, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float16_is_rounded_float32(name):
    x = draw((7, 300), np.float16)
    for axis in (0, 1, None):
        want = np.asarray(call(name, x.astype(np.float32), axis=axis)).astype(np.float16)
        assert_same(np.asarray(call(name, x, axis=axis)), want)


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


# --- Masks -----------------------------------------------------------------------------------------------------------


def masked(x, share, value=-np.inf, seed=3):
    """A copy with a share of the entries, drawn by chance, replaced; the first of each row stays."""
    where = np.random.default_rng(seed).random(x.shape) < share
    where[..., 0] = False
    return np.where(where, x.dtype.type(value), x)


@single_and_double
@pytest.mark.parametrize("n", LENGTHS)
def test_a_mask_by_any_number_is_one_by_minus_infinity(dtype, n, isa):
    """Masked entries are 0, and the others have the same bits, whatever is far below them."""
    x = draw((40, n), dtype)
    hidden = np.isinf(masked(x, 0.5))
    for axis in (0, 1):
        turned = np.copy if axis == 1 else lambda array: array.T.copy()
        given = turned(masked(x, 0.5))
        y, log_y, total = (function(given, axis=axis) for function in (fa.softmax, fa.log_softmax, fa.logsumexp))
        assert np.all(y[turned(hidden)] == 0)
        assert np.all(log_y[turned(hidden)] == -np.inf)
        for value in (-1e4, -65504, -1e10, np.finfo(dtype).min):
            given = turned(masked(x, 0.5, value))
            assert_same(fa.softmax(given, axis=axis), y)
            assert_same(fa.log_softmax(given, axis=axis)[~turned(hidden)], log_y[~turned(hidden)])
            assert_same(fa.logsumexp(given, axis=axis), total)


@single_and_double
@pytest.mark.parametrize("n", [64, 128, 1024])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_masked_entries_change_no_bit_of_the_others(name, dtype, n, isa):
    """Whole groups of them at the end of a row, which then has the order of one without; the largest is 0."""
    x = draw((7, n), dtype)
    x -= x.max(1, keepdims=True)
    longer = np.concatenate([x, np.full((7, 192), -np.inf, dtype)], 1)
    assert_same(call(name, longer)[:, :n], call(name, x))
    assert_same(call(name, longer.T.copy(), axis=0)[:n].T, call(name, x))
    assert_same(fa.logsumexp(longer, axis=1), fa.logsumexp(x, axis=1))


def mixture(dtype, n):
    """Rows that need different things, each in a place of its own among others, three times over."""
    rng = np.random.default_rng(n)
    deep = DEEP[dtype.__name__]
    plain = rng.normal(size=(16, n))
    hidden = rng.random(plain.shape) < 0.5
    hidden[:, 0] = False
    rows = plain.copy()
    rows[1:] = np.where(hidden, -np.inf, plain)[1:]
    rows[2] += 1e9 - 1e9 * hidden[2]  # a large top, with masked ones
    rows[3] = 1e9 + plain[3]  # the same without
    rows[4] = -1e9 + plain[4]
    rows[5] = -np.inf
    rows[6, -1] = np.nan
    rows[7, -1] = np.inf
    rows[8] = -rng.uniform(0, deep, n)  # down to subnormals
    rows[9] = np.where(hidden[9], -np.inf, -rng.uniform(0, deep, n))
    rows[10, 1:] = -np.inf
    rows[11] = 1e30 * plain[11]
    rows[12] = 2.0**20 + rows[12]
    rows[13] = np.where(hidden[13], -1e10, plain[13])
    rows[14] = -deep - plain[14]
    with np.errstate(over="ignore"):
        return np.concatenate([rows, plain, rows[::-1], plain, rows]).astype(dtype)


@every_function
@single_and_double
@pytest.mark.parametrize("n", LENGTHS)
def test_rows_and_columns_of_every_kind_have_the_same_bits(name, dtype, n, isa):
    x = mixture(dtype, n)
    rows = call(name, x, axis=1)
    assert_same(call(name, x.T.copy(), axis=0).T, rows)
    assert_same(call(name, np.repeat(x[:, :, None], 3, 2), axis=1)[..., 1], rows)
    for r in range(16):
        assert_same(np.asarray(call(name, x[r], axis=-1)), np.asarray(rows[r]))
    assert_same(rows[-16:], rows[:16])
    if name != "logsumexp":
        assert_same(call(name, x, axis=1, out=x), rows)


@needs_longdouble
@single_and_double
@pytest.mark.parametrize("sign", [-1, 1])
def test_masks_below_any_top(dtype, sign, isa):
    """Largest entries around every threshold."""
    rng = np.random.default_rng(0)
    for size in (0, 1e-30, 0.3, 1, 63.99, 64, 87, 110, 128, 745, 1e3, 2.0**20 - 1, 2.0**20, 2.0**22, 1e7, 1e9, 1e30):
        for n in (5, 70, 300):
            x = (sign * size - rng.uniform(0, 20, (4, n))).astype(dtype)
            x[:, 0] = sign * size
            x[:, 1::2] = -np.inf
            with np.errstate(all="ignore"):
                p, log_p, *_ = exact_rows(x).values()
            for got in (fa.softmax(x), fa.softmax(x.T.copy(), axis=0).T):
                assert np.max(np.abs(got - p) / ulp(p, dtype)) <= BOUND
            for got in (fa.log_softmax(x), fa.log_softmax(x.T.copy(), axis=0).T):
                kept = np.isfinite(log_p)
                error = np.abs(got[kept] - log_p[kept]) / ulp(log_p[kept], dtype)
                assert np.max(error) <= (BOUND if has_fma(isa) else LOGARITHMS_WITHOUT_FMA)
                assert np.all(got[~kept] == -np.inf)


@needs_longdouble
@pytest.mark.parametrize(("dtype", "depths"), [(np.float32, (87, 104, 110.25)), (np.float64, (708, 745.2, 753.5))])
def test_where_an_entry_begins_to_count(dtype, depths, isa):
    """Steps over the ends of the normal numbers, of the subnormals and of what is computed."""
    for depth, top in itertools.product(depths, (0, 1.7, -33.3, 1000.3)):
        below = np.linspace(depth - 2, depth + 2, 400)[:, None]
        x = np.concatenate([np.full_like(below, top), top - below, np.full((400, 70), -np.inf)], 1).astype(dtype)
        with np.errstate(all="ignore"):
            p = exact_rows(x)["softmax"]
        for n in (2, x.shape[1]):
            y = fa.softmax(x[:, :n])
            assert np.max(np.abs(y - p[:, :n]) / ulp(p[:, :n], dtype)) <= BOUND
            assert np.all(np.diff(y[:, 1]) <= 0)


@single_and_double
def test_one_entry_that_is_not_masked(dtype, isa):
    for n, value in itertools.product((1, 3, 64, 300), (0.0, 7.3, -1e5, 1e20)):
        x = np.full((n, n), -np.inf, dtype)
        np.fill_diagonal(x, value)
        for axis in (0, 1):
            assert_same(fa.softmax(x, axis=axis), np.eye(n, dtype=dtype))
            assert np.all(np.diag(fa.log_softmax(x, axis=axis)) == 0)
            assert_same(fa.logsumexp(x, axis=axis), np.full(n, value, dtype))


@single_and_double
@pytest.mark.parametrize("n", [5, 64, 100])
def test_special_values_among_masked_ones(dtype, n, isa):
    """NaN, inf and rows that are masked throughout, beside others that they leave alone."""
    x = masked(draw((40, n), dtype), 0.5)
    expected = {name: call(name, x, axis=-1) for name in FUNCTIONS[:2]}
    x[3, n // 2] = np.nan
    x[11, n // 2] = np.inf
    x[20] = -np.inf
    x[21] = -1e10
    others = np.delete(np.arange(40), [3, 11, 20, 21])
    for axis in (0, 1):
        turned = x.T.copy() if axis == 0 else x
        y, log_y = (call(name, turned, axis=axis) for name in FUNCTIONS[:2])
        y, log_y = (y.T, log_y.T) if axis == 0 else (y, log_y)
        assert np.isnan(y[[3, 11, 20]]).all()
        assert np.isnan(log_y[[3, 20]]).all()
        assert_same(np.isnan(log_y[11]), x[11] == np.inf)
        assert np.all(log_y[11][x[11] < np.inf] == -np.inf)
        assert_same(y[21], np.full(n, dtype(1) / dtype(n)))
        assert_same(y[others], expected["softmax"][others])
        assert_same(log_y[others], expected["log_softmax"][others])
        total = fa.logsumexp(turned, axis=axis)
        assert np.isnan(total[3])
        assert total[11] == np.inf
        assert total[20] == -np.inf


@every_map
@single_and_double
def test_gradient_of_masked_rows(name, dtype, isa):
    """Masked entries get 0, and the others what they get without them."""
    x, dy = masked(draw((30, 100), dtype), 0.5), draw((30, 100), dtype, 1)
    kept = np.isfinite(x)
    if name == "softmin":
        x = -x
    if name == "log_softmax":  # whose derivative by x is not 0 where y is -inf
        dy[~kept] = 0
    backward = getattr(fa, name).backward
    dx = backward(dy, call(name, x))
    assert_same(backward(dy.T.copy(), call(name, x.T.copy(), axis=0), axis=0).T, dx)
    assert np.all(dx[~kept] == 0)
    for r in range(30):
        alone = backward(dy[r, kept[r]], call(name, x[r, kept[r]]))
        np.testing.assert_allclose(dx[r, kept[r]], alone, rtol=0, atol=np.finfo(dtype).eps * np.abs(dy[r]).sum())


# --- Layouts, places, threads, instruction sets -----------------------------------------------------------------------


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


# --- As functions ----------------------------------------------------------------------------------------------------

ALL = [getattr(fa, name) for name in FUNCTIONS] + [getattr(fa, name).backward for name in MAPS]
every_operation = pytest.mark.parametrize("function", ALL, ids=[function.__qualname__ for function in ALL])


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
