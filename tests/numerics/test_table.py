"""A row of the table has all that belongs to it: a reference, documentation, a formula that is true, a stub."""

import ast
import math
from pathlib import Path

import pytest
from conftest import CASES, FORMULAS, FROM_OUTPUT, usual_parameters

import fastact
from fastact import _docs, _gated_docs, reference
from fastact._ufuncs import OPERATIONS, gated, get, operations, table

STUB = ast.parse(Path(fastact.__file__).with_name("__init__.pyi").read_text(encoding="utf-8"))
ACTIVATIONS = {
    node.target.id: node.annotation.id
    for node in STUB.body
    if isinstance(node, ast.AnnAssign) and isinstance(node.annotation, ast.Name) and node.target.id in table
}
PAIRS = [node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign) and node.target.id in gated]
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}


def test_every_row_is_documented_and_nothing_else():
    assert list(_docs.DOCS) == list(table)


def test_every_row_is_in_the_stub_and_nothing_else():
    assert list(ACTIVATIONS) == list(table)
    functions = {node.name for node in STUB.body if isinstance(node, ast.FunctionDef)}
    variables = {node.target.id: node.annotation for node in STUB.body if isinstance(node, ast.AnnAssign)}
    objects = {name for name, kind in variables.items() if ast.unparse(kind) != "TypeAlias"}
    assert functions | objects == {*fastact.__all__, "__version__"}


def test_every_gated_pair_is_documented_and_in_the_stub_and_has_a_reference_and_nothing_else():
    assert list(_gated_docs.DOCS) == PAIRS == list(gated)
    assert gated == reference._GATES


def test_every_formula_has_a_reference_and_nothing_else():
    assert set(reference._FORMULAS) == {(name, operation.removeprefix("backward_")) for name, operation in FORMULAS}


def test_cases_are_all_operations_of_all_rows():
    derivatives = sum(len(parameters) for parameters in table.values())
    assert len(CASES) == len(table) * len(OPERATIONS) + derivatives + len(FROM_OUTPUT)
    assert all(get(*case) is not None for case in CASES)


@pytest.mark.parametrize("name", table)
def test_parameters(name):
    parameters = set(table[name])
    doc = _docs.DOCS[name]
    assert set(doc.parameters) == parameters
    assert set(doc.parameter_derivatives) == parameters


@pytest.mark.parametrize("name", table)
def test_doc_says_something(name):
    doc = _docs.DOCS[name]
    texts = [doc.summary, doc.formula, doc.derivative, *doc.parameters.values(), *doc.parameter_derivatives.values()]
    assert all(text.strip() for text in texts)
    assert doc.summary.endswith(".")
    assert f"fa.{name}(" in doc.example


@pytest.mark.parametrize("x", [-2.25, -0.75, 0.75, 2.25])
@pytest.mark.parametrize("name", table)
def test_formula_is_python(name, x):
    """With the functions of math; test_reference.py compares the reference with it."""
    parameters = dict(zip(table[name], usual_parameters(name), strict=True))
    value = eval(_docs.DOCS[name].formula, vars(math) | {"x": x} | parameters)
    assert value == pytest.approx(reference.get(name)(x, **parameters), rel=1e-12)


@pytest.mark.parametrize("name", table)
def test_derivative_from_the_output_is_documented_where_there_is_one(name):
    assert (_docs.DOCS[name].from_output is not None) == (name in FROM_OUTPUT)


@pytest.mark.parametrize("name", FROM_OUTPUT)
def test_parameters_from_the_output_are_those_of_the_activation(name):
    """FROM_OUTPUT_1 is for an activation with one parameter."""
    assert get(name, "backward_from_output").nin == get(name, "backward").nin


def attributes(stub):
    """What a class of the stub declares, and what it inherits from others."""
    inherited = [attributes(CLASSES[base.id]) for base in stub.bases if isinstance(base, ast.Name)]
    return {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}.union(*inherited)


@pytest.mark.parametrize("name", table)
def test_stub_has_the_operations_and_parameters(name):
    stub = CLASSES[ACTIVATIONS[name]]
    learnt = {"backward_params"} if table[name] else set()
    assert attributes(stub) == {*operations(name)[1:], *learnt, "formula", "derivative", "reference"}
    base = stub if stub.name.endswith("Activation") else CLASSES[stub.bases[0].id]
    call = next(node for node in CLASSES[base.bases[-1].id].body if isinstance(node, ast.FunctionDef))
    arguments = call.args.args[: len(call.args.args) - 1]  # the last is out
    defaults = call.args.defaults[: len(call.args.defaults) - 1]
    optional = [default is not None for default in table[name].values()]
    assert [argument.arg for argument in arguments] == list(table[name])
    assert len(defaults) == sum(optional)
