"""The oracle of float32 is right to 2^-40, wherever float32 can hold the result; errors are counted by the rule."""

import math
import platform
from pathlib import Path

import numpy as np
import pytest
from conftest import (
    FORMULAS,
    OTHER_VALUES,
    bends,
    neighbours,
    parameter_sets,
    points,
    repetitions,
    usual_parameters,
)

from fastact import _ufuncs, reference
from fastact._cli import _exact
from fastact._cli._errors import Case, applied, compare64
from fastact._cli._ulp import ulp_error
from fastact._docs import DOCS
from fastact._ufuncs import table

TOLERANCE = 2.0**-40
VANISHING = 2.0**-152  # rounds to 0 and is an eighth of the smallest subnormal: only absolute errors matter
POINTS = repetitions(300, 2_000)
ALL_POINTS = 100_000
needs_quad = pytest.mark.skipif(not _exact.HAS_QUAD, reason="GCC and glibc have quadruple precision")
WITH_ROOT = [name for name in table if DOCS[name].root]


def evaluated(name, operation, x, parameters):
    want = np.empty(x.size)
    _exact.evaluate(name, _ufuncs.number_of(name, operation), x, want, *map(float, parameters))
    return want


def near_root(name, parameters, count):
    """Numbers at all distances from the root of the derivative, and those next to it."""
    root = eval(DOCS[name].root, {}, dict(zip(table[name], map(float, parameters), strict=True)))
    rng = np.random.default_rng(0)
    distances = rng.choice([-1, 1], count) * np.exp2(rng.uniform(-26, -1, count))
    return np.concatenate([root * (1 + distances), neighbours([root], np.float32)]).astype(np.float32)


def relative_error(x, got, exact):
    high, low = exact[0], exact[1] * 2.0**-53
    with np.errstate(all="ignore"):
        error = np.abs((got - high) - low) / np.maximum(np.abs(high), VANISHING)
    return np.where(got == high, np.abs(low) / np.maximum(np.abs(high), VANISHING), error)


def assert_right(name, operation, parameters, x):
    balls = pytest.importorskip("fastact._cli._balls", reason="python-flint, which encloses the exact results")
    x = np.setdiff1d(x, np.float32(bends(name, parameters)))
    error = relative_error(x, evaluated(name, operation, x, parameters), balls.in_words(name, operation, x, parameters))
    assert error.max() <= TOLERANCE, f"{error.max():.3g} at x = {x[error.argmax()]!r}, {parameters}"


@pytest.mark.parametrize("case", FORMULAS)
def test_exact_results_are_right(case):
    for parameters in parameter_sets(case[0], np.float32):
        assert_right(*case, parameters, points(np.float32, POINTS))


@pytest.mark.parametrize("name", WITH_ROOT)
def test_exact_derivatives_are_right_next_to_their_root(name):
    for parameters in parameter_sets(name, np.float32):
        assert_right(name, "grad", parameters, near_root(name, parameters, POINTS))


def in_words(name, operation, x, parameters, roughly=False):
    want = np.empty((x.size, 2))
    _exact.evaluate_wide(name, _ufuncs.number_of(name, operation), x, want, *map(float, parameters), roughly=roughly)
    return want.T


def difference(words, others):
    """As a part of the first words, which count at least as the smallest subnormal number."""
    high, low = words - others
    size = np.maximum(np.abs(words[0]), np.finfo(np.float64).smallest_subnormal)
    return np.abs(high / size + low / size * 2.0**-53)


@needs_quad
@pytest.mark.parametrize("case", FORMULAS)
def test_exact_results_in_quadruple_precision_are_right(case):
    balls = pytest.importorskip("fastact._cli._balls", reason="python-flint, which encloses the exact results")
    for parameters in parameter_sets(case[0], np.float64):
        x = np.setdiff1d(points(np.float64, 300), bends(case[0], parameters))
        exact = balls.in_words(*case, x, parameters)
        got, rough = in_words(*case, x, parameters), in_words(*case, x, parameters, roughly=True)
        finite = np.isfinite(exact[0])
        assert np.array_equal(got[0][~finite], exact[0][~finite])
        error, rough = (difference(exact[:, finite], words[:, finite]) for words in (got, rough))
        assert error.max() <= 2.0**-80, f"{error.max():.3g} at x = {x[finite][error.argmax()]!r}, {parameters}"
        assert np.median(rough) <= 2.0**-60


@needs_quad
@pytest.mark.parametrize("case", FORMULAS)
def test_exact_results_in_quadruple_precision_where_balls_do_not_reach(case):
    """At infinity, NaN and kinks, and next to them."""
    for parameters in parameter_sets(case[0], np.float64):
        numbers = neighbours(bends(case[0], parameters), np.float64)
        x = np.array([*numbers, 0.0, -0.0, np.inf, -np.inf, np.nan])
        got, want = in_words(*case, x, parameters)[0], applied(reference.get(*case), case[1], x, *parameters)
        np.testing.assert_allclose(got, want, rtol=2.0**-50, atol=2.0**-50 if case[1] == "grad" else 5e-324)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", FORMULAS)
def test_exact_results_are_right_at_many_points(case):
    parameters = tuple(map(np.float32, usual_parameters(case[0])))
    x = points(np.float32, ALL_POINTS)
    if case[1] == "grad" and DOCS[case[0]].root:
        x = np.concatenate([x, near_root(case[0], parameters, ALL_POINTS)])
    assert_right(*case, parameters, x)


@pytest.mark.parametrize("case", FORMULAS)
def test_exact_results_where_balls_do_not_reach(case):
    """At infinity, NaN and kinks, and next to them."""
    for parameters in parameter_sets(case[0], np.float32):
        numbers = bends(case[0], parameters)
        x = np.float32([*neighbours(numbers, np.float32), 0.0, -0.0, np.inf, -np.inf, np.nan])
        got, want = evaluated(*case, x, parameters), applied(reference.get(*case), case[1], x, *map(float, parameters))
        np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=2.0**-50 if case[1] == "grad" else VANISHING)


def test_every_parameter_that_matters_is_varied():
    assert {p for parameters in table.values() for p in parameters} - {"alpha"} == set(OTHER_VALUES)


def test_library_functions_are_vectorised():
    binary = Path(_exact.__file__).read_bytes()
    version = tuple(map(int, platform.libc_ver()[1].split("."))) if platform.libc_ver()[0] == "glibc" else ()
    if platform.machine() != "x86_64" or version < (2, 35) or b"clang version" in binary:
        pytest.skip("vectors come from GCC and glibc 2.35 on x86-64")
    assert {f for f in ("exp", "expm1", "log1p", "tanh", "erfc") if f"_ZGVdN4v_{f}".encode() not in binary} == set()


def test_evaluate_refuses():
    x, want = np.zeros(3, np.float32), np.zeros(3)
    with pytest.raises(ValueError, match="no operation 2 of 'relu'"):
        _exact.evaluate("relu", 2, x, want)
    with pytest.raises(ValueError, match="no operation 4 of 'relu'"):
        _exact.evaluate("relu", 4, x, want)
    with pytest.raises(ValueError, match="no operation 0 of 'sillu'"):
        _exact.evaluate("sillu", 0, x, want)
    with pytest.raises(ValueError, match="2 elements for 3 of x"):
        _exact.evaluate("relu", 0, x, want[:2])
    with pytest.raises(ValueError, match="no operation 2 of 'relu'"):
        _exact.evaluate_wide("relu", 2, x.astype(float), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="2 x 2 elements for 3 of x"):
        _exact.evaluate_wide("relu", 0, x.astype(float), np.zeros((2, 2)), roughly=True)
    with pytest.raises(ValueError, match="3 results, 2 exact ones, for 3 of x"):
        _exact.compare(x, x, want[:2], np.nan)


# Errors


def results(rng, count):
    """Exact results of every size, and float32 results up to 3 ULP away from them."""
    want = np.ldexp(rng.choice([-1, 1], count) * rng.uniform(1, 2, count), rng.integers(-152, 128, count))
    powers = np.ldexp(1.0, rng.integers(-149, 128, count)) * (1 + rng.choice([-1e-9, 0, 1e-9], count))
    want = np.concatenate([want, powers])
    near = want.astype(np.float32)
    steps = np.ldexp(np.float64(rng.integers(-3, 4, want.size)), np.maximum(np.frexp(want)[1] - 1, -126) - 23)
    with np.errstate(over="ignore"):
        return (near + steps).astype(np.float32), want


@pytest.mark.parametrize("count", [1, 511, 512, 513, 5000])
def test_errors_are_those_of_the_rule(count):
    got, want = (part[:count] for part in results(np.random.default_rng(count), count))
    x = np.arange(count, dtype=np.float32)
    error, tally = ulp_error(got, want), _exact.compare(x, got, want, np.nan)
    at = error.argmax()
    assert (tally["largest"], tally["x"], tally["got"], tally["want"]) == (error[at], x[at], got[at], want[at])
    assert tally["sum"] == pytest.approx(error.sum(), rel=1e-12)
    assert [tally[f"within_{word}"] for word in ("half", "one", "two")] == [(error <= u).sum() for u in (0.5, 1, 2)]
    assert (tally["count"], tally["near_root"], tally["largest_near_root"]) == (count, 0, 0)


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45]
ROUND_TO_INFINITY = [3.4028235677973366e38, 3.40282356779733e38, 1e39, -1e300]


@pytest.mark.parametrize("want", [*SPECIAL, *ROUND_TO_INFINITY])
@pytest.mark.parametrize("got", SPECIAL)
def test_errors_of_special_results(got, want):
    got, want = np.float32([got]), np.float64([want])
    assert _exact.compare(np.zeros(1, np.float32), got, want, np.nan)["largest"] == ulp_error(got, want)[0]


@pytest.mark.parametrize("binade", [-1074, -1060, -1022, -1000, 0, 1000])
def test_float64_errors_are_right_down_to_the_smallest_subnormal(binade):
    balls = pytest.importorskip("fastact._cli._balls", reason="python-flint, which encloses the exact results")
    high, step = math.ldexp(1.0, binade), math.ldexp(1.0, max(binade - 52, -1074))
    with balls.flint.ctx.workprec(100):
        want = np.array([balls.two_words(balls.flint.arb(high) + balls.flint.arb(step) * k / 8) for k in range(5)]).T
    tally = compare64(np.zeros(5), np.full(5, high), want, np.nan)
    assert (tally["largest"], tally["sum"]) == (0.5, 1.25)


def test_errors_near_a_root_are_apart():
    """Small absolute ones do not count in ULP; one that is larger, farther away or of a larger result does."""
    root = -1.25
    x = np.float32([root, root + 0.15, root + 0.15, root + 0.16, root])
    want = np.float64([2.0**-30, 2.0**-8, 2.0**-8, 2.0**-8, 2.0**-5])
    got = (want + np.float64([2.0**-28, 2.0**-27, 2.0**-25, 2.0**-27, 2.0**-27])).astype(np.float32)
    tally = _exact.compare(x, got, want, root)
    assert (tally["count"], tally["near_root"], tally["largest_near_root"]) == (5, 2, 2.0**-27)
    assert (tally["largest"], tally["x"]) == (2.0**6, x[2])
    assert tally["sum"] == pytest.approx(ulp_error(got, want)[2:].sum())
    assert _exact.compare(x, got, want, np.nan)["near_root"] == 0


@pytest.mark.parametrize("name", WITH_ROOT)
def test_documented_root_is_one(name):
    root = np.float32(Case(name, "grad", "float32").root)
    x = np.float32([root - 1e-6, root + 1e-6])
    below, above = evaluated(name, "grad", x, Case(name, "grad", "float32").parameters.values())
    assert below < 0 < above
