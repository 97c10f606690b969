"""Layers: what they refuse, their docstrings, and which calls need no preparation in Python."""

import inspect
import pickle
from itertools import pairwise

import numpy as np
import pytest
from calls import assert_same, make_array, read_only
from layer_calls import DOCUMENTED, backward_params
from test_docstrings import run_examples

import fastact as fa
from fastact import _channels

# --- Refusals --------------------------------------------------------------------------------------------------------


X = np.ones((4, 3), np.float32)
ROW = np.ones(3, np.float32)
REFUSED = [
    (lambda out: fa.prelu(X, np.ones(4), out=out), ValueError, "weight: "),
    (lambda out: fa.prelu(X, np.ones((1, 3)), out=out), ValueError, "weight: "),
    (lambda out: fa.prelu(X, np.ones(3), axis=0, out=out), ValueError, "weight: "),
    (lambda out: fa.prelu(X, ROW, axis=2, out=out), ValueError, "axis: "),
    (lambda out: fa.prelu(X, ROW, axis=1.0, out=out), TypeError, "axis: "),
    (lambda out: fa.prelu(X, "a", out=out), TypeError, "weight: "),
    (lambda out: fa.prelu(X, None, out=out), TypeError, "weight: "),
    (lambda out: fa.prelu(X * 1j, ROW, out=out), TypeError, "x: "),
    (lambda out: fa.prelu([[1, 2], [3]], ROW, out=out), ValueError, "x: "),
    (lambda out: fa.prelu(X.astype(np.float64), ROW, out=np.empty(X.shape, np.int32)), TypeError, "out: "),
    (lambda out: fa.prelu(X, ROW, out=out[:2]), ValueError, "out: "),
    (lambda out: fa.prelu(X, ROW, out=read_only(out)), ValueError, "out: "),
    (lambda out: fa.prelu(X, ROW, out=[1]), TypeError, "out: "),
    (lambda out: fa.prelu.backward(X[:, :2], X, ROW, out=out), ValueError, r"dy \(4, 2\), x \(4, 3\)"),
    (lambda out: fa.prelu.backward("a", X, ROW, out=out), TypeError, "dy: "),
    (lambda out: fa.prelu.backward(X, X, np.ones(2), out=out), ValueError, "weight: "),
    (lambda out: fa.swish.backward_params(X, X, ROW[:2], out=out), ValueError, r"beta \(2,\)"),
    (lambda out: fa.swish.backward_params(X, X, "a", out=out), TypeError, "beta: "),
    (lambda out: fa.swish.backward_params(X, X.astype(object), out=out), TypeError, "x: "),
    (lambda out: fa.swish.backward_params(X, np.ones(X.shape, np.longdouble), out=out), TypeError, "x: "),
    (lambda out: fa.swish.backward_params(X, X, alpha=1, out=out), TypeError, "alpha"),
    (lambda out: fa.swish.backward_params(X, out=out), TypeError, "x"),
    (lambda out: fa.threshold.backward_params(X, X, 1.0, out=out), TypeError, "value"),
    (lambda out: fa.bias_act(X, ROW[:2], out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, ROW[:1], out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, 1.0, out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, ROW, axis=0, out=out), ValueError, "bias: "),
    (lambda out: fa.bias_act(X, ROW, axis=-3, out=out), ValueError, "axis: "),
    (lambda out: fa.bias_act(1.0, ROW), ValueError, "axis: "),
    (lambda out: fa.bias_act(X, ROW, "gelo", out=out), ValueError, "activation: .*'gelu'"),
    (lambda out: fa.bias_act(X, ROW, "?", out=out), ValueError, "activation: .*relu.*gelu_tanh"),
    (lambda out: fa.bias_act(X, ROW, np.exp, out=out), ValueError, "activation: exp "),
    (lambda out: fa.bias_act(X, ROW, fa.silu.grad, out=out), ValueError, "activation: silu.grad "),
    (lambda out: fa.bias_act(X, ROW, None, out=out), TypeError, "activation: "),
    (lambda out: fa.bias_act(X, ROW, "relu", gamma=1, out=out), TypeError, "gamma: relu .* none"),
    (lambda out: fa.bias_act(X, ROW, "swish", gamma=1, out=out), TypeError, "gamma: swish .* beta"),
    (lambda out: fa.bias_act(X, ROW, "swish", alpha=1, out=out), TypeError, "'alpha'; write beta="),
    (lambda out: fa.bias_act(X, ROW, "threshold", value=1, out=out), TypeError, "threshold: "),
    (lambda out: fa.bias_act(X, ROW, "swish", beta="a", out=out), TypeError, "beta: "),
    (lambda out: fa.bias_act(X, ROW, "swish", beta=np.ones(2), out=out), ValueError, r"beta \(2,\)"),
    (lambda out: fa.bias_act(X, ROW.astype(complex), out=out), TypeError, "bias: "),
    (lambda out: fa.bias_act.backward(X[:3], X, ROW, out=out), ValueError, r"dy \(3, 3\)"),
    (lambda out: fa.bias_act.backward(X, X, ROW, out=out.astype(np.complex64)[:1]), ValueError, "out: "),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_bad_input_is_named_and_nothing_is_written(call, error, message):
    out = np.full(X.shape, 7, np.float32)
    with pytest.raises(error, match=message):
        call(out)
    assert (out == 7).all()


# --- Documentation ---------------------------------------------------------------------------------------------------


SECTIONS = ["Parameters", "Returns", "Raises", "Notes", "Examples"]
documented = pytest.mark.parametrize("function", DOCUMENTED, ids=lambda function: function.__qualname__)


@documented
def test_examples_of_docstrings_run(function):
    assert run_examples(function.__doc__) >= 4


@documented
def test_docstrings_have_their_sections(function):
    lines = inspect.getdoc(function).splitlines()
    titles = [title for title, line in pairwise(lines) if line and line == "-" * len(title)]
    assert [title for title in titles if title != "References"] == SECTIONS
    assert "{" not in function.__doc__


@documented
def test_functions_can_be_pickled(function):
    assert pickle.loads(pickle.dumps(function)) is function


def test_axis_of_a_vector_has_to_be_an_int():
    with pytest.raises(TypeError, match="axis: an int is needed, not float"):
        fa.prelu(np.ones(3), 0.5, axis=1.5)


ROWS, ALONG = make_array((6, 4)), make_array(4, seed=1)


@pytest.mark.parametrize(
    ("x", "weight", "axis", "out"),
    [
        (ROWS[:, ::-1], ALONG, 1, None),
        (ROWS.T, ALONG, 1, None),
        (ROWS.astype(">f4"), ALONG, 1, None),
        (ROWS.astype(np.float16), ALONG.astype(np.float16), 1, None),
        (ROWS.tolist(), ALONG, 1, None),
        (np.ma.masked_array(ROWS), ALONG, 1, None),
        (ROWS, ALONG.astype(np.float64), 1, None),
        (ROWS, ALONG[::-1], 1, None),
        (ROWS, ALONG[:3], 1, None),
        (ROWS, ALONG, 0, None),
        (ROWS, ALONG, 2, None),
        (ROWS, ALONG, True, None),
        (ROWS, True, 1, None),
        (ROWS, np.float64(1), 1, None),
        (ROWS, ALONG, 1, np.empty((6, 5), np.float32)),
        (ROWS, ALONG, 1, np.empty((6, 4))),
        (ROWS, ALONG, 1, np.broadcast_to(np.float32(0), (6, 4))),
    ],
)
def test_what_is_not_plain_is_prepared(x, weight, axis, out):
    assert _channels.prelu(_channels.FORWARD, None, x, weight, axis, out) is None


def test_one_weight_for_a_vector_needs_no_preparation():
    for weight in (0.25, np.float32(0.25), np.array(0.25, np.float32), np.array([0.25], np.float32)):
        x, dy = ROWS[0], ROWS[1]
        result = _channels.prelu(_channels.FORWARD, None, x, weight, 1, None)
        assert_same(result, fa.leaky_relu(x, np.float32(0.25)))
        dx, dweight = _channels.prelu(_channels.BACKWARD_PARAMETERS, dy, x, weight, 1, None)
        prepared = fa.prelu.backward(dy, np.repeat(x, 2)[::2], weight)
        assert_same(dx, prepared[0])
        assert_same(dweight, prepared[1])
    for weight in (ALONG, np.array([[0.25]], np.float32)):
        assert _channels.prelu(_channels.FORWARD, None, x, weight, 1, None) is None


def test_arguments_of_backward_params_are_sorted_by_python(monkeypatch):
    """Not by an inspect.Signature, which takes as long as ten calls on a few elements."""

    def refuse(*_arguments, **_keywords):
        raise AssertionError("a signature is bound")

    x, dy = ROWS[:, ::-1], ROWS
    expected = backward_params("hard_tanh", dy, x.copy(), -0.5, 0.5)
    monkeypatch.setattr(inspect.Signature, "bind", refuse)
    for result in (
        backward_params("hard_tanh", dy, x, -0.5, 0.5),
        backward_params("hard_tanh", dy, x, max_val=0.5, min_val=-0.5, out=np.empty_like(ROWS)),
        backward_params("hard_tanh", dy, x, -0.5, max_val=0.5),
    ):
        for got, want in zip(result, expected, strict=True):
            assert_same(got, want)


def test_what_is_plain_needs_no_preparation():
    for axis, weight in ((1, ALONG), (-1, ALONG), (0, make_array(6, seed=1))):
        result = _channels.prelu(_channels.FORWARD, None, ROWS, weight, axis, None)
        assert_same(result, fa.leaky_relu(ROWS, weight if axis else weight[:, None]))
