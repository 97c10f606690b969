"""`python -m fastact bench`: peers do the same work on the same operands, or are refused."""

import numpy as np
import pytest
from bench_runs import QUICK, bench, case, contents, installed
from conftest import FROM_OUTPUT

from fastact import _ufuncs
from fastact._cli import _operands, _peers, _race
from fastact._cli._functions import LAYERS, operations
from fastact._cli._peers import PEERS, Entry, results_of

FEW = ("relu6", "leaky_relu", "silu", "gelu")  # for peers that compile


@pytest.mark.parametrize("peer", PEERS)
def test_peers_do_the_work_of_fastact(tmp_path, peer):
    """Every result is compared before it is timed."""
    if peer not in installed:
        pytest.skip(f"{peer} is not installed")
    functions = FEW if peer in ("jax", "onnxruntime", "openvino") else tuple(_ufuncs.table)
    choices = ("--dtype", "float32", "float64", "--layouts", "contiguous", "strided", "--function", *functions)
    path = tmp_path / "a.json"
    assert bench(*QUICK, *choices, "--sizes", "24", "--threads", "1", "--peers", peer, "--json", path) == 0
    raced = {(r["function"], r["output"]) for r in contents(path)["records"] if peer in r["nanoseconds"]}
    lacking = set(functions) - {function for function, output in raced if output == "fresh"}
    assert lacking <= {"numpy": {"gelu"}, "numexpr": {"gelu"}, "scipy": set(_ufuncs.table)}.get(peer, set())
    assert {function for function, output in raced if output == "given"} == set(functions) - lacking


@pytest.mark.parametrize("peer", ["torch", "numexpr", "numpy"])
def test_peers_do_the_work_from_the_output(tmp_path, peer):
    if peer not in installed:
        pytest.skip(f"{peer} is not installed")
    choices = (
        "--operation",
        "backward_from_output",
        "--dtype",
        "float32",
        "float64",
        "--layouts",
        "contiguous",
        "strided",
    )
    path = tmp_path / "a.json"
    assert bench(*QUICK, *choices, "--sizes", "24", "--threads", "1", "--peers", peer, "--json", path) == 0
    records = contents(path)["records"]
    assert all(peer in r["nanoseconds"] for r in records)
    assert {r["function"] for r in records} == set(FROM_OUTPUT)


LACKING = {  # layers that a peer does not have; backward too where only that is lacking
    "jax": set(),
    "onnxruntime": set(),
    "openvino": set(),
    "numexpr": {"geglu", "softmax", "log_softmax", "softmin", "logsumexp", "bias_act"},
    "scipy": {"reglu", "prelu"},
    "numpy": {"geglu", "bias_act"},
    "torch": set(),
}
LACKING_BACKWARD = {"jax": set(), "torch": set(), "numpy": {"mish_glu", "geglu", "bias_act"}}


@pytest.mark.parametrize("peer", PEERS)
def test_peers_do_the_work_of_layers(tmp_path, peer):
    """Every result is compared before it is timed: all outputs, in both types and layouts."""
    if peer not in installed:
        pytest.skip(f"{peer} is not installed")
    choices = ("--dtype", "float32", "float64", "--layouts", "contiguous", "strided", "--function", *LAYERS)
    path = tmp_path / "a.json"
    assert bench(*QUICK, *choices, "--sizes", "24", "--threads", "1", "--peers", peer, "--json", path) == 0
    records = contents(path)["records"]
    assert {(r["function"], r["operation"]) for r in records} == {
        (name, operation) for name in LAYERS for operation in operations(name)
    }
    raced = {(r["function"], r["operation"]) for r in records if peer in r["nanoseconds"] and r["output"] == "fresh"}
    for operation, lacking in (("forward", LACKING), ("backward", LACKING_BACKWARD)):
        wanted = {name for name in LAYERS if operation in operations(name) and peer in lacking} - lacking.get(
            peer, set()
        )
        assert {name for name, of in raced if of == operation} == wanted


def test_layers_take_a_size_as_rows():
    assert case(function="softmax", shape=(1 << 11,)).array_shape == (32, 64)
    assert case(function="prelu", shape=(7,)).array_shape == (1, 7)
    assert case(function="swiglu", shape=(2, 3, 5)).array_shape == (2, 3, 5)
    assert case(shape=(1 << 11,)).array_shape == (1 << 11,)


@pytest.mark.parametrize("name", LAYERS)
def test_operands_of_layers_are_what_the_spellings_say(name):
    operands = _operands.operands_for(case(function=name, shape=(4, 6, 5)))
    x = operands["x"]
    if name in _ufuncs.gated:
        np.testing.assert_array_equal(np.concatenate([operands["up"], x]), operands["both"])
        assert np.shares_memory(operands["both"], x)
    if name == "prelu":
        assert (operands["weight"].shape, operands["along"].shape) == ((6,), (6, 1))
    assert operands["y"].shape == operands["result"].shape == ((4, 6) if name == "logsumexp" else x.shape)
    assert operands["whole"].shape == x.shape


def test_a_sum_that_is_wrong_is_not_raced(monkeypatch):
    """Gradients with respect to parameters are compared as well."""
    spelled = _peers.ENTRIES["numpy"]

    def wrong(case, operands):
        entry = spelled(case, operands)
        return entry._replace(names=entry.names | {"axes": (1,)})

    monkeypatch.setitem(_peers.ENTRIES, "numpy", wrong)
    with pytest.raises(ArithmeticError, match=r"numpy has another result for BenchCase.*prelu"):
        _race.entries_for(case(function="prelu", operation="backward", shape=(6, 6)), ["fastact", "numpy"])


def test_a_wrong_result_is_not_raced(monkeypatch):
    wrong = Entry("x + 1", {"x": np.ones(24, np.float32)})
    monkeypatch.setitem(_peers.ENTRIES, "numpy", lambda case, operands: wrong)
    with pytest.raises(ArithmeticError, match=r"numpy has another result for BenchCase.*silu"):
        _race.entries_for(case(), ["fastact", "numpy"])


@pytest.mark.parametrize("operation", ["forward", "backward", "value_and_grad"])
@pytest.mark.parametrize("name", ["silu", "threshold"])
def test_given_output_is_written_to(name, operation):
    entries = _race.entries_for(case(function=name, operation=operation, output="given"), ["fastact", "np.negative"])
    entry = entries["fastact"]
    entry.names["y"][...] = 99
    assert results_of(entry)[0] is entry.names["y"]
    operands = [entry.names["dy"], entry.names["x"]][operation != "backward" :]
    expected = _ufuncs.get(name, operation)(*operands, **case(function=name).parameters)
    np.testing.assert_array_equal(entry.names["y"], expected[0] if operation == "value_and_grad" else expected)


@pytest.mark.parametrize(
    ("expression", "statement"),
    [
        ("maximum(x, 0)", "maximum(x, 0, out=y)"),
        ("where(x > 0, x, 0)", "copyto(y, where(x > 0, x, 0))"),
        ("-exp(x)", "negative(exp(x), out=y)"),
        ("x / (1 + exp(-x))", "divide(x, 1 + exp(-x), out=y)"),
    ],
)
def test_expression_into_a_given_output(expression, statement):
    assert _peers.into_y(expression) == statement


def test_inputs_are_as_promised():
    x = _operands.normal(case(shape=(1 << 16,)), 0)
    assert x.ctypes.data % _operands.ALIGNMENT == 0
    assert abs(x.mean()) < 0.05
    assert abs(x.std() - 3) < 0.05
    for shape in [(1 << 12,), (3, 4, 5)]:
        strided = _operands.normal(case(shape=shape, layout="strided", dtype="float64"), 0)
        assert strided.strides[-1] == 2 * strided.itemsize
        assert strided.size == np.prod(shape)
        flat = _operands.normal(case(shape=shape, dtype="float64"), 0).ravel()
        np.testing.assert_array_equal(strided.ravel(), flat)
