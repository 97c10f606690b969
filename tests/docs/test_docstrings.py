"""Docstrings: their examples run, their sections are those of numpydoc, and they tell of every parameter and bound."""

import doctest
import re

import numpy as np
import pytest
from conftest import CASES, roots, usual_parameters

import fastact
from fastact import _halves, _names, _ufuncs, reference
from fastact._cli import _functions
from fastact._cli._functions import FUNCTIONS
from fastact._docs import DOCS
from fastact._ufuncs import table

SECTIONS = ["Parameters", "Returns", "Raises", "Notes", "References", "Examples"]


def section(text, title):
    """The lines below a heading, as far as the next."""
    return re.search(rf"^{title}\n-+\n(.*?)(?=\n\w+\n--|\Z)", text, re.MULTILINE | re.DOTALL)[1]


def run_examples(text):
    """Demand that the examples of a docstring hold, and return how many there are."""
    results = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(text, {}, "docstring", None, 0))
    assert results.failed == 0
    return results.attempted


@pytest.mark.parametrize("case", CASES)
def test_examples_run(case):
    assert run_examples(_ufuncs.get(*case).__doc__) >= 3


@pytest.mark.parametrize("module", [fastact, reference, _halves, _names, _ufuncs])
def test_examples_of_modules_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("case", CASES)
def test_sections(case):
    name, operation = case
    text = _ufuncs.get(*case).__doc__
    headings = re.findall(r"^(\w+)\n(-+)$", text, re.MULTILINE)
    assert all(len(heading) == len(line) for heading, line in headings)
    sourced = [title for title in SECTIONS if title != "References" or DOCS[name].sources]
    assert [heading for heading, _ in headings] == sourced
    summary, blank = text.split("\n")[:2]
    assert summary.endswith(".")
    assert blank == ""
    operands = {"backward": ["dy", "x"], "backward_from_output": ["dy", "y"]}.get(operation, ["x"])
    told = re.findall(r"^(\w+) : ", section(text, "Parameters"), re.MULTILINE)
    assert told == [*operands, *table[name], "out", "where"]


@pytest.mark.parametrize("case", CASES)
def test_defaults_and_bounds_are_those_of_the_table(case):
    name, operation = case
    text = _ufuncs.get(*case).__doc__
    for parameter, default in table[name].items():
        kind = re.search(rf"^{parameter} : array_like(?:, default (.+))?$", text, re.MULTILINE)[1]
        assert (kind and float(kind)) == default
    for dtype in ("float32", "float64"):
        assert f"{_ufuncs.error_bound(name, operation, dtype):g} ULP in {dtype}" in text


def test_every_docstring_states_an_error():
    """Of activations, layers and the gradients of parameters."""
    functions = [_functions.get(name, operation) for name in FUNCTIONS for operation in _functions.operations(name)]
    functions += [getattr(fastact, name).backward_params for name in table if table[name]]
    assert len(functions) > 120
    assert [function for function in functions if " ULP" not in function.__doc__.replace("\n", " ")] == []


@pytest.mark.parametrize("name", table)
def test_root_is_one_of_the_derivative(name):
    """Roots are said of those derivatives that have one, and are where they are said to be."""
    parameters = usual_parameters(name)
    found = roots(name, "grad", parameters)
    told = [float(DOCS[name].root.partition(" ")[0])] if DOCS[name].root else []
    np.testing.assert_allclose(found, told, atol=1e-3)
    assert np.all(np.abs(reference.get(name, "grad")(told, *parameters)) < 1e-15)
