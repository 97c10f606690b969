"""Masked entries of softmax and its relatives: as SciPy's, at no cost in bits."""

import itertools

import numpy as np
import pytest
from calls import assert_same
from conftest import needs_longdouble
from softmax_calls import FUNCTIONS, call, draw, every_function, every_map, masked, single_and_double

import fastact as fa
from fastact._cli._errors import has_fma
from fastact._cli._layer_errors import DEEP, LENGTHS, exact_rows
from fastact._cli._ulp import ulp
from fastact._softmax_docs import BOUND, LOGARITHMS_WITHOUT_FMA


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
