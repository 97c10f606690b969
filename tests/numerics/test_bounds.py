"""Every bound of the table has a witness: an input whose error comes near it. A bound lowered by hand is found."""

from pathlib import Path

import numpy as np
import pytest
import witnesses
from conftest import FORMULAS, WIDER, evaluated, exact, longdouble_is_wider, on_isa

from fastact import _ufuncs
from fastact._cli._errors import has_fma
from fastact._cli._evidence import DEFAULT, load_proofs
from fastact._cli._ulp import ulp_error

WITNESSES = witnesses.load()
SLACK = 0.3  # ULP that a bound may lie above its witness, or a tenth, rounded up
PROOFS = Path(__file__).parents[2] / "csrc" / "proof" / "bounds.json"
PROVED = {
    witnesses.Bound(proof["activation"], proof["operation"], proof["type"], proof["fma"]): proof["bound_ulp"]
    for proof in load_proofs(PROOFS)
    if proof["parameters"] == DEFAULT
}


@pytest.mark.parametrize("bound", WITNESSES, ids=lambda bound: " ".join(map(str, bound)))
def test_the_witness_comes_near_the_bound(bound):
    if bound.isa is None:
        pytest.skip(f"no instruction set {'with' if bound.fma else 'without'} FMA here")
    dtype = np.dtype(bound.dtype).type
    if dtype is np.float64 and not longdouble_is_wider:
        pytest.skip("longdouble is no wider than float64 here, so it cannot judge float64")
    with on_isa(bound.isa):
        stated = _ufuncs.error_bound(bound.name, bound.operation, dtype)
        witness = WITNESSES[bound]
        x, parameters = dtype([float.fromhex(witness["x"])]), [dtype(value) for value in witness["parameters"]]
        got = evaluated(bound.name, bound.operation, parameters, x)
    error = ulp_error(got, exact(bound.name, bound.operation, parameters, x))[0]
    assert error <= stated
    assert stated <= max(error + SLACK, 1.1 * error + 0.1) or is_proved(bound, stated)
    assert error == pytest.approx(witness["error"], abs=0.01)


def is_proved(bound, stated):
    """Whether it is what is proved with default parameters, rounded up to a tenth."""
    return bound in PROVED and PROVED[bound] <= stated < PROVED[bound] + 0.1


def test_every_bound_has_a_witness():
    """But those of exact operations, which are 0; and of float32 and float64 alike."""
    wanted = {
        witnesses.Bound(*case, dtype.__name__, has_fma(isa))
        for isa in _ufuncs.runnable_isas()
        for case in FORMULAS
        for dtype in WIDER
        if dtype is not np.float16 and bound_on(isa, case, dtype) > 0
    }
    assert wanted == {bound for bound in WITNESSES if bound.isa}


def bound_on(isa, case, dtype):
    with on_isa(isa):
        return _ufuncs.error_bound(*case, dtype)
