"""Every bound of the table has a worst case: an input whose error comes near it. A bound lowered by hand is found."""

from pathlib import Path

import numpy as np
import pytest
import worst_cases
from conftest import FORMULAS, WIDER, evaluated, exact, longdouble_is_wider, on_isa

from fastact import _ufuncs
from fastact._cli._errors import has_fma
from fastact._cli._evidence import DEFAULT, load_proofs
from fastact._cli._layer_errors import case_of
from fastact._cli._ulp import ulp_error

WORST_CASES = worst_cases.load()
SLACK = 0.3  # ULP that a bound may lie above its worst case, or a tenth, rounded up
PROOFS = Path(__file__).parents[2] / "csrc" / "proof" / "bounds.json"
PROVED = {
    worst_cases.Bound(proof["activation"], proof["operation"], proof["type"], proof["fma"]): proof["bound_ulp"]
    for proof in load_proofs(PROOFS)
    if proof["parameters"] == DEFAULT
}


@pytest.mark.parametrize("bound", WORST_CASES, ids=lambda bound: " ".join(map(str, bound)))
def test_the_worst_case_comes_near_the_bound(bound):
    if bound.isa is None:
        pytest.skip(f"no instruction set {'with' if bound.fma else 'without'} FMA here")
    dtype = np.dtype(bound.dtype).type
    if dtype is np.float64 and not longdouble_is_wider:
        pytest.skip("longdouble is no wider than float64 here, so it is no oracle of float64")
    with on_isa(bound.isa):
        stated = _ufuncs.error_bound(bound.name, bound.operation, dtype)
        worst_case = WORST_CASES[bound]
        x, parameters = dtype([float.fromhex(worst_case["x"])]), [dtype(value) for value in worst_case["parameters"]]
        got, want = computed_and_exact(bound, x, parameters)
    error = ulp_error(got, want)[0]
    assert error <= stated
    assert stated <= max(error + SLACK, 1.1 * error + 0.1) or is_proved(bound, stated)
    assert error == pytest.approx(worst_case["error"], abs=0.01)


def computed_and_exact(bound, x, parameters):
    """The result, and the exact one by the reference."""
    if bound.name not in _ufuncs.gated:
        case = bound.name, bound.operation, parameters, x
        return evaluated(*case), exact(*case)
    pair = case_of(bound.name, bound.operation, bound.dtype)
    factors = [np.full_like(x, value) for value in parameters]
    return pair.product(x, factors), pair.exact_product(exact(*pair.exact, (), x), factors)[0]


def is_proved(bound, stated):
    """Whether it is what is proved with default parameters, rounded up to a tenth."""
    return bound in PROVED and PROVED[bound] <= stated < PROVED[bound] + 0.1


def test_every_bound_has_a_worst_case():
    """But those of exact operations, which are 0; and of float32 and float64 alike."""
    wanted = {
        worst_cases.Bound(*case, dtype.__name__, has_fma(isa))
        for isa in _ufuncs.runnable_isas()
        for case in (*FORMULAS, *worst_cases.PAIRS)
        for dtype in WIDER
        if dtype is not np.float16 and bound_on(isa, case, dtype) > 0
    }
    assert wanted == {bound for bound in WORST_CASES if bound.isa}


def bound_on(isa, case, dtype):
    with on_isa(isa):
        return _ufuncs.error_bound(*case, dtype)
