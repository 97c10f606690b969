"""The results behind docs/accuracy.md: climbs lack no bound, and they and the exhaustive ones are of these kernels."""

import itertools
import json
from pathlib import Path

import pytest
from conftest import FORMULAS

from fastact import _ufuncs
from fastact._cli import _climb_report, _errors
from fastact._cli._layer_errors import case_of

DOCS = Path(__file__).parents[2] / "docs"
EXHAUSTIVE, CLIMBS = (
    json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))["results"] for name in ("accuracy", "climbs")
)


@pytest.fixture(autouse=True, scope="module")
def fingerprints():
    """Of the whole sample: those of test_accuracy_command.py are of a part."""
    _errors.fingerprinted.cache_clear()
    _errors.Case.fingerprint.cache_clear()


def test_climbs_lack_no_bound():
    """Of activations and gated pairs, both types, with FMA and without."""
    searched = {(f["function"], f["operation"], f["dtype"], f["isa"]) for f in CLIMBS}
    cases = [*FORMULAS, *itertools.product(_ufuncs.gated, ("forward", "backward"))]
    kinds = itertools.product(("float32", "float64"), ("avx512", "baseline"))
    assert searched == {(*case, *kind) for case, kind in itertools.product(cases, kinds)}
    assert all(found["evaluations"] >= 100_000 and found["seeds"] for found in CLIMBS)


def test_climbs_are_of_these_kernels():
    """Else: python -m fastact accuracy NAME --climb 20 --isa avx512 baseline --add and --json docs/climbs.json."""
    changed = [found for found in CLIMBS if not _climb_report.stands(found)]
    assert {(found["function"], found["dtype"]) for found in changed} == set()


def test_exhaustive_results_are_of_these_kernels():
    """Else: python -m fastact accuracy --exhaustive --isa avx2 avx512 --json docs/accuracy.json."""
    changed = set()
    for found in EXHAUSTIVE:
        if found["isa"] in _ufuncs.runnable_isas() and found["dtype"] == "float32":
            case = case_of(found["function"], found["operation"], found["dtype"])
            changed |= {case} if case.fingerprint(found["isa"]) != found["fingerprint"] else set()
    assert changed == set()
