"""What holds between results, whatever the numbers: properties, tried on numbers that Hypothesis and a mixture choose.

An element's bits depend on the element alone, not on its place, its neighbours, the call or the instruction set; odd
functions are odd; functions that are one another's mirror images are so to the last bit or rounding; and between
neighbouring floats a function goes the way that the mathematics goes.
"""

import itertools

import numpy as np
import pytest
from calls import outputs, unaligned
from conftest import (
    CASES,
    FORMULAS,
    TYPES,
    WIDE_TYPES,
    WIDER,
    evaluated,
    exact,
    on_isa,
    on_threads,
    parameter_sets,
    repetitions,
    usual_parameters,
)
from draws import LARGE, SPAN_ELEMENTS, arrays, joins, mixed, range_limits, seeds, stepped
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import fastact as fa
from fastact import _ufuncs
from fastact._cli._errors import has_fma
from fastact._cli._ulp import ulp_error

# The same examples in every run: what fails in one place fails in all. A failure names the first element concerned,
# so that there is nothing to shrink.
settings.register_profile(
    "fastact",
    deadline=None,
    derandomize=True,
    max_examples=repetitions(2, 5),
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("fastact")

ISAS = _ufuncs.runnable_isas()
WITH_FMA = list(filter(has_fma, ISAS))
ODD = ["tanh", "softsign", "hard_tanh", "soft_shrink", "hard_shrink", "tanh_shrink"]
MANY = 1 << 13
RUN = repetitions(10, 30)  # neighbouring floats to either side of a join

every_case = pytest.mark.parametrize("case", CASES)
every_name = pytest.mark.parametrize("name", _ufuncs.table)
every_type = pytest.mark.parametrize("dtype", TYPES)


def call(case, x, *dy, parameters=None, **options):
    """Call an operation on x, and on dy if it takes one; parameters are the defaults or usual ones unless given."""
    parameters = usual_parameters(case[0]) if parameters is None else parameters
    return outputs(_ufuncs.get(*case)(*dy, x, *parameters, **options))


def factors(case, x):
    """Return what an operation takes besides x, as a list: for backward, numbers to multiply with, else nothing."""
    return [np.random.default_rng(x.size).permutation(x)] if case[1].startswith("backward") else []


def same(got, want):
    """Which elements have the same bits; any NaN equals any other."""
    integer = f"u{want.dtype.itemsize}"
    return (got.view(integer) == want.view(integer)) | (np.isnan(got) & np.isnan(want))


def equal(got, want):
    """Which elements are the same number; zeros of either sign are."""
    return (got == want) | (np.isnan(got) & np.isnan(want))


def assert_all(holds, x, got, want, what=""):
    """Demand that a relation holds for all elements, or show the first for which it does not."""
    if not np.all(holds):
        at = np.flatnonzero(~holds)[0]
        shown = [f"{float(value[at]).hex()} ({value[at]!s})" for value in (x, got, want)]
        pytest.fail(f"{_ufuncs.isa()} {what}: x = {shown[0]}: {shown[1]} against {shown[2]}")


def assert_same(got, want, x, what=""):
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert g.dtype == w.dtype
        assert g.shape == w.shape
        assert_all(same(np.ascontiguousarray(g), w), x, g, w, what)


# --- An element's bits depend on the element alone -------------------------------------------------------------------


def selected(operands, index):
    return [operand[index] for operand in operands]


def in_place(case, operands):
    """Yield the results of calls with each output in place of each operand."""
    for place, output in itertools.product(range(len(operands)), range(_ufuncs.get(*case).nout)):
        copies = [operand.copy() for operand in operands]
        out = [None] * _ufuncs.get(*case).nout
        out[output] = copies[place]
        yield call(case, *copies, out=tuple(out))


def masked(case, operands, mask):
    """Call with where=, and check that the other elements are left alone."""
    out = tuple(np.full_like(operands[0], 7) for _ in range(_ufuncs.get(*case).nout))
    call(case, *operands, where=mask, out=out)
    assert all((output[~mask] == 7).all() for output in out)
    return tuple(output[mask] for output in out)


def broadcast(case, operands, rows):
    """Call on x in several equal rows and, for all other operands, one row."""
    x, *dy = operands
    return call(case, np.broadcast_to(x, (rows, x.size)), *dy)


def with_parameter_arrays(case, operands):
    parameters = [np.full_like(operands[0], value) for value in usual_parameters(case[0])]
    return call(case, *operands, parameters=parameters)


@every_case
@every_type
@given(data=st.data())
def test_bits_do_not_depend_on_the_call(case, dtype, data):
    x = data.draw(arrays(case[0], dtype, st.integers(2, 700)), "x")
    begin = data.draw(st.integers(0, x.size - 1), "begin")
    end = data.draw(st.integers(begin + 1, x.size), "end")
    step = data.draw(st.sampled_from([2, 3, 7, -1, -2, -5]), "step")
    operands = [x, *factors(case, x)]
    mask = np.random.default_rng(begin).random(x.size) < 0.7
    for isa in ISAS:
        with on_isa(isa):
            want = call(case, *operands)
            part, every_other = (selected(want, slice(begin, end)), selected(want, slice(None, None, step)))
            assert_same(call(case, *selected(operands, slice(begin, end))), part, x[begin:end], "part")
            copies = [operand.copy() for operand in selected(operands, slice(begin, end))]
            assert_same(call(case, *copies), part, x[begin:end], "copy of a part")
            assert_same(call(case, *selected(operands, slice(None, None, step))), every_other, x[::step], "stride")
            assert_same(call(case, *map(unaligned, operands)), want, x, "unaligned")
            for result in in_place(case, operands):
                assert_same(result, want, x, "in place")
            assert_same(masked(case, operands, mask), selected(want, mask), x[mask], "where=")
            assert_same(call(case, *operands, where=True), want, x, "NumPy's path")
            assert_same(with_parameter_arrays(case, operands), want, x, "arrays of parameters")
            for row in zip(*broadcast(case, operands, 3), strict=True):
                assert_same(row, want, x, "broadcast")
            for output, (value,) in zip(want, zip(*[call(case, *selected(operands, begin))], strict=True), strict=True):
                assert same(np.atleast_1d(value), output[begin : begin + 1]).all()


@pytest.mark.parametrize("case", [case for case in CASES if _ufuncs.table[case[0]]])
@every_type
def test_usual_parameters_among_others_give_the_bits_of_one_for_all(case, dtype):
    """One for all is folded into the formula if it is the default."""
    x = mixed(case[0], dtype, MANY, 0)
    operands = [x, *factors(case, x)]
    is_usual = np.arange(x.size) % 4 != 0
    parameters = [np.where(is_usual, value, 2 * value).astype(dtype) for value in usual_parameters(case[0])]
    for isa in ISAS:
        with on_isa(isa):
            want, got = call(case, *operands), call(case, *operands, parameters=parameters)
            assert_same(selected(got, is_usual), selected(want, is_usual), x[is_usual], "among others")


@every_case
@every_type
@settings(max_examples=repetitions(1, 2))
@given(seed=seeds(), threads=st.integers(2, 4), step=st.sampled_from([1, 2, -1]))
def test_bits_do_not_depend_on_threads(case, dtype, seed, threads, step):
    x = np.resize(mixed(case[0], dtype, MANY + 5, seed), LARGE)[::step]
    operands = [x, *factors(case, x)]
    for isa in ISAS[: repetitions(1, len(ISAS))]:
        with on_isa(isa):
            with on_threads(1):
                want = call(case, *operands)
            with on_threads(threads):
                assert_same(call(case, *operands), want, x, f"{threads} threads")


@pytest.mark.skipif(len(WITH_FMA) < 2, reason="this machine runs fewer than two instruction sets with FMA")
@every_case
@every_type
@given(data=st.data())
def test_bits_do_not_depend_on_the_isa(case, dtype, data):
    x = data.draw(arrays(case[0], dtype, MANY), "x")
    for parameters in parameter_sets(case[0], dtype):
        results = []
        for isa in WITH_FMA:
            with on_isa(isa):
                results.append(call(case, x, *factors(case, x), parameters=parameters))
        for other in results[1:]:
            assert_same(other, results[0], x, f"{WITH_FMA} {parameters}")


def in_range_only(case, dtype, seed):
    """Return numbers that are in range, up to the limit, of any exponent and around every join."""
    limit = range_limits()[case[0]][dtype]
    rng = np.random.default_rng(seed)
    x = mixed(case[0], dtype, 4 * MANY, seed)
    exponents = rng.uniform(np.finfo(dtype).minexp - np.finfo(dtype).nmant, np.log2(limit), x.size)
    spread = (np.exp2(exponents) * rng.choice([-1, 1], x.size)).astype(dtype)
    last = stepped(np.full(x.size, limit), -rng.integers(0, 1000, x.size)) * rng.choice([-1, 1], x.size).astype(dtype)
    return np.where(np.abs(x) <= limit, x, np.where(rng.random(x.size) < 0.8, spread, last))


@pytest.mark.parametrize("case", [case for case in CASES if range_limits()[case[0]][np.float32] > 0])
@every_type
@given(seed=seeds(), place=st.integers(0, SPAN_ELEMENTS - 1), data=st.data())
def test_bits_do_not_depend_on_an_outlier_nearby(case, dtype, seed, place, data):
    x = in_range_only(case, dtype, seed)
    limit = range_limits()[case[0]][dtype]
    out_of_range = st.sampled_from([np.inf, np.nan, np.finfo(dtype).max, np.nextafter(limit, dtype(np.inf)), 2 * limit])
    outlier = dtype(data.draw(out_of_range, "outlier")) * dtype(data.draw(st.sampled_from([-1, 1]), "sign"))
    disturbed = x.copy()
    disturbed[place::SPAN_ELEMENTS] = outlier
    kept = np.arange(x.size) % SPAN_ELEMENTS != place
    for isa in ISAS:
        with on_isa(isa):
            dy = factors(case, x)
            quiet, want = (selected(call(case, array, *dy), kept) for array in (x, disturbed))
            assert_same(quiet, want, x[kept], f"without and with {outlier} nearby")


LIMITED = [case for case in CASES if _ufuncs.table[case[0]] and range_limits()[case[0]][np.float32] > 0]


@pytest.mark.parametrize("case", LIMITED)
@pytest.mark.parametrize("replaces", [False, True])
@every_type
@given(
    seed=seeds(),
    size=st.one_of(st.floats(0.25, 4), st.sampled_from([0.0, 1e-30, 1e30, np.inf, np.nan])),
    place=st.integers(0, SPAN_ELEMENTS - 1),
)
def test_bits_do_not_depend_on_the_way_with_any_parameter(case, replaces, dtype, seed, size, place):
    """Nor on whether all elements share one value, each has its own, or the output replaces x."""
    parameter = dtype(size)
    x = in_range_only(case, dtype, seed)
    if 1 < parameter < np.inf:
        x[::2] /= parameter
    disturbed = x.copy()
    disturbed[place::SPAN_ELEMENTS] = np.inf
    kept = np.arange(x.size) % SPAN_ELEMENTS != place
    for isa in ISAS:
        with on_isa(isa):
            results = []
            for given_x, value in itertools.product((x, disturbed), (parameter, np.full_like(x, parameter))):
                own = given_x.copy()
                options = {"out": (own, *[None] * (_ufuncs.get(*case).nout - 1))} if replaces else {}
                results.append(selected(call(case, own, *factors(case, x), parameters=[value], **options), kept))
            for result in results[1:]:
                assert_same(result, results[0], x[kept], f"{isa}, parameter {parameter}")


# --- Operations agree ------------------------------------------------------------------------------------------------


@every_name
@every_type
@given(data=st.data())
def test_operations_agree(name, dtype, data):
    """value_and_grad gives the two single results, and backward of 1 the derivative, to the last bit."""
    x = data.draw(arrays(name, dtype, MANY), "x")
    for isa in ISAS:
        with on_isa(isa):
            for parameters in parameter_sets(name, dtype):
                value, slope = (call((name, operation), x, parameters=parameters) for operation in ("forward", "grad"))
                both = call((name, "value_and_grad"), x, parameters=parameters)
                backward = call((name, "backward"), x, np.ones_like(x), parameters=parameters)
                assert_same(both, value + slope, x, f"value_and_grad {parameters}")
                assert_same(backward, slope, x, f"backward of 1 {parameters}")


# --- Symmetries ------------------------------------------------------------------------------------------------------


def check_everywhere(relation, name, dtype, data):
    """Check a relation, a function of x that gives what has to hold and two sides to show, on all instruction sets."""
    x = data.draw(arrays(name, dtype, MANY), "x")
    for isa in ISAS:
        with on_isa(isa):
            assert_all(*relation(x))


def check_same(sides, name, dtype, data):
    """Check that two sides, functions of x, have the same bits."""

    def relation(x):
        got, want = sides(x)
        return same(got, want), x, got, want

    check_everywhere(relation, name, dtype, data)


@pytest.mark.parametrize("name", ODD)
@every_type
@given(data=st.data())
def test_odd(name, dtype, data):
    """f(-x) = -f(x) and f'(-x) = f'(x), to the last bit; a zero that is a constant of the formula has no sign."""

    def odd(x):
        with np.errstate(invalid="ignore"):
            got, want = (call((name, "forward"), -x)[0], -call((name, "forward"), x)[0])
        return equal(got, want), x, got, want

    check_everywhere(odd, name, dtype, data)
    check_same(lambda x: [call((name, "grad"), array)[0] for array in (-x, x)], name, dtype, data)


@every_type
@given(data=st.data(), limit=st.floats(0, 1e9, width=32))
def test_hard_tanh_with_symmetric_limits_is_odd(dtype, data, limit):
    def odd(x):
        got, want = fa.hard_tanh(-x, -limit, limit), -fa.hard_tanh(x, -limit, limit)
        return equal(got, want), x, got, want

    check_everywhere(odd, "hard_tanh", dtype, data)


@every_type
@given(data=st.data())
def test_sigmoid_and_its_mirror_image_add_up_to_one(dtype, data):
    """Rounded once: the larger of the two is 1 less the smaller."""
    check_same(lambda x: (fa.sigmoid(abs(x)), 1 - fa.sigmoid(-abs(x))), "sigmoid", dtype, data)
    check_same(lambda x: (fa.sigmoid.grad(x), fa.sigmoid.grad(-x)), "sigmoid", dtype, data)


@pytest.mark.parametrize("operation", ["forward", "grad"])
@pytest.mark.parametrize("dtype", WIDE_TYPES)
@given(data=st.data())
def test_silu_is_swish_with_beta_one(operation, dtype, data):
    """The same bits for x in range; elsewhere within both bounds, as each has its own scale of near-subnormals."""
    within = sum(_ufuncs.error_bound(name, operation, dtype) for name in ("silu", "swish"))

    def relation(x):
        got, want = (call((name, operation), x)[0] for name in ("silu", "swish"))
        in_range = np.abs(x) <= range_limits()["silu"][dtype]
        return np.where(in_range, same(got, want), ulp_error(got, want.astype(WIDER[dtype])) <= within), x, got, want

    check_everywhere(relation, "silu", dtype, data)


@every_type
@given(data=st.data())
def test_log_sigmoid_is_softplus_mirrored_twice(dtype, data):
    check_same(lambda x: (fa.log_sigmoid(x), -fa.softplus(-x)), "log_sigmoid", dtype, data)
    check_same(lambda x: (fa.log_sigmoid.grad(x), fa.softplus.grad(-x)), "log_sigmoid", dtype, data)


@pytest.mark.parametrize("name", ["silu", "gelu", "gelu_tanh"])
@pytest.mark.parametrize("dtype", WIDE_TYPES)
@given(data=st.data())
def test_gated_function_less_its_mirror_image_is_x(name, dtype, data):
    """f(x) = x + f(-x) within an ULP, for the larger of the two."""

    def relation(x):
        a = np.abs(x[~np.isnan(x)])
        value, mirrored = (call((name, "forward"), array)[0] for array in (a, -a))
        wider = WIDER[dtype]
        return ulp_error(value, a.astype(wider) + mirrored.astype(wider)) <= 1, a, value, mirrored

    check_everywhere(relation, name, dtype, data)


# --- Monotone where the function is ----------------------------------------------------------------------------------


def runs(name, dtype, seed):
    """Rows of neighbouring floats, ascending: around every join, and as many anywhere."""
    rng = np.random.default_rng(seed)
    near = joins(name, dtype)
    near = near[near < np.finfo(dtype).max]
    far = np.abs(mixed(name, dtype, near.size, seed))
    far = far[np.isfinite(far)]
    centres = np.concatenate([near, -near, far, -far, rng.uniform(-20, 20, near.size).astype(dtype)])
    x = stepped(centres[:, np.newaxis], np.arange(-RUN, RUN + 1))
    return x[np.isfinite(x).all(axis=1)]


def steps_back(got, want):
    """How far each row goes against the way of the exact results, in ULP; 0 where these turn within the row."""
    tiny = 4 * np.finfo(want.dtype).eps * np.abs(want).max(axis=1, keepdims=True)
    change = np.diff(want, axis=1)
    rises, falls = (change > tiny).any(axis=1), (change < -tiny).any(axis=1)
    most, least = np.maximum.accumulate(got, axis=1), np.minimum.accumulate(got, axis=1)
    back = np.where(falls, 0, ulp_error(got, most.astype(want.dtype)).max(axis=1))
    forth = np.where(rises, 0, ulp_error(got, least.astype(want.dtype)).max(axis=1))
    return np.maximum(back, forth)


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize("case", FORMULAS)
def test_monotone_between_neighbours(case, dtype):
    """A step back comes of errors at both its ends, within the bound; where a result is rounded once, there is none."""
    x = runs(case[0], dtype, 1)
    for parameters in parameter_sets(case[0], dtype)[: repetitions(1, 2)]:
        want = exact(*case, parameters, x)
        for isa in ISAS:
            with on_isa(isa):
                bound = _ufuncs.error_bound(*case, dtype)
                got = evaluated(*case, parameters, x)
                back = steps_back(got, want)
                at = back.argmax()
                assert back[at] <= (2 * bound if bound > 0.5 else 0), (
                    f"{isa} {parameters}: {back[at]:.4g} ULP back within {RUN} floats of {float(x[at, RUN]).hex()}"
                )
