"""Every bound of the table has a witness: an input whose error comes near it. A bound lowered by hand is found."""

import numpy as np
import pytest
import witnesses
from conftest import FORMULAS, WIDER, evaluated, exact, has_fma, longdouble_is_wider, on_isa

from fastact import _ufuncs
from fastact._ulp import ulp_error

WITNESSES = witnesses.load()
SLACK = 0.3  # ULP that a bound may lie above its witness


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
    assert stated - SLACK <= error <= stated
    assert error == pytest.approx(witness["error"], abs=0.01)


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
