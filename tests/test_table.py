"""A row of the table has all that belongs to it: a reference, documentation, a stub, values to be tested with."""

import ast
from pathlib import Path

import pytest
import test_reference
import test_special_values
from conftest import CASES, FORMULAS, OTHER_VALUES

import fastact
from fastact import _docs, reference
from fastact._ufuncs import OPERATIONS, get, operations, table

STUB = ast.parse(Path(fastact.__file__).with_name("__init__.pyi").read_text(encoding="utf-8"))
ACTIVATIONS = {
    node.target.id: node.annotation.id
    for node in STUB.body
    if isinstance(node, ast.AnnAssign) and isinstance(node.annotation, ast.Name) and node.target.id in table
}
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}


def test_every_row_is_documented_and_nothing_else():
    assert list(_docs.DOCS) == list(table)


def test_every_row_is_in_the_stub_and_nothing_else():
    assert list(ACTIVATIONS) == list(table)
    names = {node.name for node in STUB.body if isinstance(node, ast.FunctionDef)}
    assert {*names, *ACTIVATIONS} == set(fastact.__all__)


def test_every_formula_has_a_reference_and_nothing_else():
    assert set(reference._FORMULAS) == set(FORMULAS)


def test_every_row_has_a_definition_for_its_reference_to_be_compared_with():
    assert list(test_reference.DEFINITIONS) == list(table)


def test_cases_are_all_operations_of_all_rows():
    assert len(CASES) == sum(len(OPERATIONS) + len(parameters) for parameters in table.values())
    assert all(get(*case) is not None for case in CASES)


@pytest.mark.parametrize("name", table)
def test_parameters(name):
    parameters = set(table[name])
    doc = _docs.DOCS[name]
    assert set(doc.parameters) == parameters
    assert set(doc.parameter_derivatives) == parameters
    assert parameters <= OTHER_VALUES.keys()
    assert parameters <= test_reference.PARAMETERS.keys()
    assert parameters <= test_special_values.EXTREME_VALUES.keys()


@pytest.mark.parametrize("name", table)
def test_doc_says_something(name):
    doc = _docs.DOCS[name]
    texts = [doc.summary, doc.formula, doc.derivative, *doc.parameters.values(), *doc.parameter_derivatives.values()]
    assert all(text.strip() for text in texts)
    assert doc.summary.endswith(".")
    assert f"fa.{name}(" in doc.example


def attributes(stub):
    """What a class of the stub declares, and what it inherits from others."""
    inherited = [attributes(CLASSES[base.id]) for base in stub.bases if isinstance(base, ast.Name)]
    return {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}.union(*inherited)


@pytest.mark.parametrize("name", table)
def test_stub_has_the_operations_and_parameters(name):
    stub = CLASSES[ACTIVATIONS[name]]
    assert attributes(stub) == {*operations(name)[1:], "formula", "derivative", "reference"}
    call = next(node for node in CLASSES[stub.bases[-1].id].body if isinstance(node, ast.FunctionDef))
    arguments = call.args.args[: len(call.args.args) - 1]  # the last is out
    defaults = call.args.defaults[: len(call.args.defaults) - 1]
    optional = [default is not None for default in table[name].values()]
    assert [argument.arg for argument in arguments] == list(table[name])
    assert len(defaults) == sum(optional)
