"""Errors of softmax and its relatives, of their gradients too, are within the stated bounds."""

import numpy as np
import pytest
from calls import assert_same
from conftest import needs_longdouble
from softmax_calls import FUNCTIONS, LONG, MAPS, call, draw, every_map, single_and_double

import fastact as fa
from fastact._cli._errors import has_fma
from fastact._cli._layer_errors import LENGTHS, ROWS, exact_rows, gradient_unit, rows
from fastact._cli._ulp import ulp
from fastact._softmax_docs import BOUND, GRADIENT_BOUND, LOGARITHMS_WITHOUT_FMA


def measured_rows(kind, dtype):
    """Rows of every length, several of each, and a long one."""
    for n in [*LENGTHS[3:], LONG]:
        yield rows(kind, n, dtype.__name__, count=1 if n == LONG else 6)


def errors(kind, dtype):
    """The largest errors of softmax, log_softmax and logsumexp in units of their bounds."""
    largest = np.zeros(3)
    for x in measured_rows(kind, dtype):
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
    mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")

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
