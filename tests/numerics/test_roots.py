"""Near a root of a derivative means one thing, and the absolute error stated there holds."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import WIDE_TYPES, evaluated, exact, needs_longdouble, on_isa, parameter_sets, root

import fastact as fa
from fastact import _roots, _ufuncs
from fastact._cli._ulp import ulp_error
from fastact._docs import DOCS

ROOT = Path(__file__).parents[2]
NAMES = [name for name in _ufuncs.table if DOCS[name].root]
FOUND = {"float32": 2.0**-28.5, "float64": 2.0**-57.5}  # errors at least this large are found at POINTS points
POINTS = 40_000


def points(dtype, zero):
    """Numbers at all distances from a root, and all over its neighbourhood and beyond."""
    rng = np.random.default_rng(0)
    distances = np.concatenate([rng.uniform(0, 2, POINTS), np.exp2(rng.uniform(-50, 0, POINTS // 4))])
    return (zero * (1 + rng.choice([-1, 1], distances.size) * distances * _roots.DISTANCE)).astype(dtype)


def errors(name, dtype, parameters):
    """Absolute errors on the instruction set in use, near the root."""
    zero = root(name, "grad", parameters)
    x = points(dtype, zero)
    want = exact(name, "grad", parameters, x)
    near = _roots.is_near(x, want, zero)
    assert near.mean() > 0.2
    return np.abs(evaluated(name, "grad", parameters, x) - want)[near].astype(float)


@pytest.mark.parametrize("dtype", WIDE_TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_errors_near_a_root_are_at_most_what_is_stated(name, dtype, isa):
    for parameters in parameter_sets(name, dtype):
        assert errors(name, dtype, parameters).max() <= _roots.allowed(dtype)


@pytest.mark.parametrize("dtype", WIDE_TYPES)
def test_what_is_stated_is_no_more_than_there_is(dtype, isa):
    """Less than an error found and the roundings of a gated pair's products, to the next power of two."""
    largest = max(errors(name, dtype, parameters).max() for name in NAMES for parameters in parameter_sets(name, dtype))
    assert largest > FOUND[np.dtype(dtype).name]
    roundings = 2.0**_roots.DERIVATIVE_EXPONENT * np.finfo(dtype).eps
    assert largest + roundings > _roots.allowed(dtype) / 2


@needs_longdouble
def test_near_is_in_terms_of_beta_times_x():
    """At an input whose distance from the root is 0.153, and 0.033 times beta: 4.64 ULP, and right."""
    x, beta = np.float64([float.fromhex("-0x1.6f65c507467b4p+2")]), float.fromhex("0x1.bc2d1eabf428ep-3")
    want = exact("swish", "grad", (beta,), x)
    assert _roots.is_near(x, want, root("swish", "grad", (beta,)))
    with on_isa(_ufuncs.runnable_isas()[0]):
        got = fa.swish.grad(x, beta)
    assert ulp_error(got, want)[0] > _ufuncs.error_bound("swish", "grad", np.float64)
    assert abs(got[0] - want[0]) <= _roots.allowed(np.float64)
    for z, near in ((-1.3, True), (-1.45, False)):  # beta x
        assert all(_roots.is_near(z / b, want[0], root("swish", "grad", (b,))) == near for b in (1e-30, 1.0, 1e20))


def test_nothing_is_near_no_root():
    assert not _roots.is_near(np.float32(0.5), 0.0, root("tanh", "grad", ()))
    assert not _roots.is_near(np.float64(-np.inf), 0.0, root("swish", "grad", (0.0,)))


def unwrapped(text):
    return re.sub(r"\s+(\* )?", " ", text)


def test_every_place_says_the_same():
    near, (single, double) = _roots.NEAR, _roots.ERROR_EXPONENTS.values()
    assert near == "|x - r| < |r| / 8 and |f'(x)| < 2^-6"
    docstrings = [
        unwrapped(_ufuncs.get(name, operation).__doc__)
        for name in NAMES
        for operation in ("grad", "backward", "value_and_grad")
    ]
    assert all(f"{near}, it is absolute instead: at most 2^{single} in float32 and 2^{double} in float64." in text
               for text in docstrings)  # fmt: skip
    pairs = {name: f for name, f in _ufuncs.gated.items() if f in NAMES}
    assert len(pairs) == 3
    stated = f", that of dgate is absolute instead: at most 2^{single} |dy up| in float32 and 2^{double} |dy up|"
    for name, f in pairs.items():
        assert near.replace("f'", f"{f}'") + stated in unwrapped(getattr(fa, name).backward.__doc__)
    header = unwrapped((ROOT / "csrc" / "fastact.h").read_text(encoding="utf-8"))
    assert f"{near}, the error is absolute instead: at most 2^{single} in float, 2^{double} in double." in header
    page = unwrapped((ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8"))
    assert f"{near}, errors up to 2^{single} in float32 and 2^{double} in float64 are not counted" in page
    assert f"0x1p{double} : 0x1p{single}" in (ROOT / "tests" / "c" / "test_fastact.c").read_text(encoding="utf-8")
