"""Parameters that are 0, negative, infinite, NaN, or of any size: docs/reliability.md has the table, cell by cell."""

import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import CASES, FORMULAS, TYPES, WIDE_TYPES, evaluated, exact, repetitions, usual_parameters

import fastact as fa
from fastact import _ufuncs, reference
from fastact._cli import _exact
from fastact._cli._errors import root_of
from fastact._cli._ulp import ulp_error
from fastact._ufuncs import error_bound, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
CALL = re.compile(r"(?P<name>\w+)(?:\.(?P<operation>\w+))?\((?P<arguments>.+)\)")
PARAMETRIC = [case for case in CASES if table[case[0]]]
TABULATED = [case for case in FORMULAS if table[case[0]]]
# Of the others, parameters are compared or handed on.
ANY_SIZE = ["leaky_relu", "soft_shrink", "elu", "celu", "swish", "softplus"]
SCALED = ["swish", "softplus"]  # by their parameter


def sigmoid(x):
    e = math.exp(-abs(x))
    return (e if x < 0 else 1) / (1 + e)


NAMES = {name: getattr(math, name) for name in ("inf", "nan", "exp", "expm1", "log1p")} | {"s": sigmoid}


def printed():
    """The rows of the table: a call, and what it gives for each p."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("\n## Special parameters\n")[2]
    head, _, *rows = re.findall(r"^\|(.+)\|$", section, re.MULTILINE)
    values = [cell.strip().removeprefix("p = ") for cell in head.split("|")[1:]]
    for row in rows:
        call, *cells = (cell.strip(" `") for cell in row.split("|"))
        yield call, dict(zip(values, cells, strict=True))


ROWS = dict(printed())
CELLS = [(call, p, cell) for call, cells in ROWS.items() for p, cell in cells.items()]


def special_x(dtype):
    kind = np.finfo(dtype)
    positive = np.array([0, kind.smallest_subnormal, kind.smallest_normal, 0.25, 1, 1.5, 5, 7, kind.max, np.inf], dtype)
    return np.tile(np.concatenate([-positive, positive]), 5)  # whole blocks and a rest


def number(p, dtype):
    return dtype(eval(p, {}, NAMES))


def assert_cell(got, cell, x):
    """To a few units in the last place, of subnormal numbers to one."""
    with np.errstate(over="ignore"):
        want = np.array([eval(cell, {}, NAMES | {"x": at, "y": at}) for at in map(float, x)]).astype(x.dtype)
    kind = np.finfo(x.dtype)
    np.testing.assert_allclose(got, want, rtol=4 * float(kind.eps), atol=float(kind.smallest_subnormal))


@pytest.mark.parametrize(("call", "p", "cell"), CELLS)
def test_cell_is_as_printed(call, p, cell, isa):
    name = CALL.match(call)["name"]
    for dtype in (*TYPES, np.float16):
        x, value = special_x(dtype), number(p, dtype)
        for values in (value,) if name == "prelu" else (value, np.full_like(x, value)):
            with np.errstate(all="raise"):
                got = eval(call, {name: getattr(fa, name), "x": x, "y": x, "p": values})
            assert_cell(got, cell, x)


@pytest.mark.parametrize(("call", "p", "cell"), [row for row in CELLS if not row[0].startswith("prelu")])
def test_reference_is_as_printed(call, p, cell):
    name, operation, arguments = CALL.match(call).group("name", "operation", "arguments")
    x, function = special_x(np.float64), reference.get(name, operation or "forward")
    with np.errstate(all="raise"):
        got = eval(f"{name}({arguments})", {name: function, "x": x, "y": x, "p": number(p, np.float64)})
    assert_cell(got, cell, x)


@pytest.mark.parametrize(("call", "p", "cell"), [row for row in CELLS if not row[0].startswith("prelu")])
def test_exact_result_is_as_printed(call, p, cell):
    """Those that float32 is compared with, apart from an infinite x with an infinite parameter."""
    name, operation, arguments = CALL.match(call).group("name", "operation", "arguments")
    x = special_x(np.float32)
    x = x[np.isfinite(x)] if math.isinf(number(p, float)) else x
    got = np.empty(x.size)
    parameters = [number(p if value == "p" else value, float) for value in re.split("[xy], ", arguments)[1].split(", ")]
    _exact.evaluate(name, _ufuncs.number_of(name, operation or "forward"), x, got, *parameters)
    with np.errstate(over="ignore"):
        assert_cell(got.astype(np.float32), cell, x)


def test_every_function_with_parameters_is_in_the_table():
    """In a row for each of its parameters, at least."""
    calls = [CALL.match(call).group("name", "operation") for call in ROWS]
    rows = Counter((name, operation or "forward") for name, operation in calls)
    assert set(rows) == {*TABULATED, ("prelu", "forward")}
    assert [case for case in TABULATED if rows[case] < len(table[case[0]])] == []


def with_nan(name, dtype, at):
    parameters = list(map(dtype, usual_parameters(name)))
    parameters[at] = dtype(np.nan)
    return parameters


@pytest.mark.parametrize("dtype", [*TYPES, np.float16])
@pytest.mark.parametrize("case", PARAMETRIC)
def test_nan_as_parameter_is_never_swallowed(case, dtype, isa):
    name, operation = case
    x = special_x(dtype)
    dy = [np.ones_like(x)] if operation.startswith("backward") else []
    for at in range(len(table[name])):
        parameters = with_nan(name, dtype, at)
        for values in (parameters, [np.full_like(x, value) for value in parameters]):
            for function in (_ufuncs.get(*case), reference.get(*case)):
                with np.errstate(all="raise"):
                    assert np.isnan(function(*dy, x, *values)).all()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", [name for name in table if table[name]])
def test_nan_as_parameter_of_layers_is_never_swallowed(name, dtype):
    x = special_x(dtype).reshape(4, -1)
    for at, parameter in enumerate(table[name]):
        named = dict(zip(table[name], with_nan(name, dtype, at), strict=True))
        named[parameter] = np.array([1, np.nan, 1, np.nan], dtype)[:, None]
        known = np.isin(np.arange(4), [0, 2])
        dx, *gradients = getattr(fa, name).backward_params(np.ones_like(x), x, **named)
        biased = fa.bias_act(x, np.zeros(x.shape[1], dtype), name, **named)
        for result in (dx, biased):
            np.testing.assert_array_equal(np.isnan(result).all(axis=1), ~known)
        assert np.isnan(gradients[at][~known]).all()


@pytest.mark.parametrize("shape", [(4, 7), (4, 2000)])
@pytest.mark.parametrize("dtype", TYPES)
def test_nan_as_weight_of_prelu_is_never_swallowed(shape, dtype):
    x, weight = np.ones(shape, dtype), np.array([1, np.nan, 2, np.nan], dtype)
    unknown = np.isnan(weight)
    dx, dweight = fa.prelu.backward(x, x, weight, axis=0)
    for result in (fa.prelu(x, weight, axis=0), dx):
        np.testing.assert_array_equal(np.isnan(result), np.broadcast_to(unknown[:, None], shape))
    np.testing.assert_array_equal(np.isnan(dweight), unknown)


def any_size(name, dtype, count, seed):
    """Parameters p of any exponent, and x of any, or where exp(x) or, by name, exp(p x) or exp(x / p) fades."""
    kind, rng = np.finfo(dtype), np.random.default_rng(seed)

    def of_any_exponent():
        exponents = rng.integers(kind.minexp - kind.nmant, kind.maxexp, count)
        return (rng.choice([-1, 1], count) * np.ldexp(rng.uniform(1, 2, count), exponents)).astype(dtype)

    parameter = np.abs(of_any_exponent()) if name in ("soft_shrink", "celu") else of_any_exponent()
    size = rng.uniform(-2.2, 2.2, count) * -np.log(float(kind.smallest_subnormal))
    by_range = rng.choice([2.0**-20, 2.0**-12, 2.0**-6, 0.5, 1], count) * size
    with np.errstate(all="ignore"):
        scaled = by_range / parameter.astype(np.longdouble) if name in SCALED else by_range * parameter
        x = np.choose(rng.integers(0, 3, count), [of_any_exponent(), by_range.astype(dtype), scaled.astype(dtype)])
    return np.where(np.isfinite(x), x, dtype(1)), parameter


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize("case", [case for case in FORMULAS if case[0] in ANY_SIZE])
def test_bound_holds_for_parameters_of_any_size(case, dtype, isa):
    x, parameter = any_size(case[0], dtype, repetitions(20_000, 100_000), 0)
    if case == ("swish", "grad"):
        with np.errstate(all="ignore"):
            away = np.abs(parameter * x - dtype(root_of(*case, {"beta": 1.0}))) > 0.1
        x, parameter = x[away], parameter[away]
    got = evaluated(*case, [parameter], x)
    want = exact(*case, [parameter], x)
    error = ulp_error(got, want)
    at = error.argmax()
    assert error[at] <= error_bound(*case, dtype), (
        f"{error[at]:.4g} ULP at {float(x[at]).hex()}, {float(parameter[at]).hex()}: got {got[at]!s}, want {want[at]!s}"
    )


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", [case for case in PARAMETRIC if case[0] in ANY_SIZE])
def test_one_parameter_and_an_array_of_it_give_the_same(case, dtype, isa):
    x, parameters = any_size(case[0], dtype, 20_000, 1)
    dy = [np.ones_like(x)] if case[1].startswith("backward") else []
    for parameter in parameters[: repetitions(8, 40)]:
        results = [_ufuncs.get(*case)(*dy, x, value) for value in (parameter, np.full_like(x, parameter))]
        np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("name", "x", "beta", "want"),
    [
        ("swish", np.float32(-7.888094e-18), np.float32(5.727995e18), -1.88e-37),
        ("softplus", np.float64(0), np.float64(5e-309), 1.386e308),
    ],
)
def test_digits_that_were_lost(name, x, beta, want, isa):
    assert _ufuncs.get(name)(x, beta) == pytest.approx(want, rel=1e-3)
