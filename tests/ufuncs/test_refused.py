"""What is refused in the same words wherever it may be given: numbers that are too large, and masks."""

import re

import numpy as np
import pytest

import fastact as fa
from fastact import views

X = np.ones((2, 4), np.float32)
HUGE = [2**63, -(2**63) - 1, 2**100, -(10**5000)]  # of the last one Python refuses to write the digits
WITH_AXIS = {
    "softmax": lambda axis: fa.softmax(X, axis=axis),
    "one of two axes": lambda axis: fa.logsumexp(X, axis=(0, axis)),
    "prelu": lambda axis: fa.prelu(X, np.ones(4), axis=axis),
    "bias_act": lambda axis: fa.bias_act(X, np.ones(4), axis=axis),
    "halves": lambda axis: fa.swiglu(X, axis=axis),
}
WITH_PARAMETER = {
    "by name": lambda beta: fa.swish(X, beta=beta),
    "by position": lambda beta: fa.swish(X, beta),
    "strided": lambda beta: fa.swish.backward(X[:, ::2], X[:, ::2], beta),
    "views": lambda beta: views.swish(X, X.copy(), beta=beta),
    "bias_act": lambda beta: fa.bias_act(X, np.ones(4), "swish", beta=beta),
    "backward_params": lambda beta: fa.swish.backward_params(X, X, beta),
}
WITHOUT_MASK = {
    "x": [fa.softmax, fa.log_softmax, fa.softmin, fa.logsumexp, lambda x: fa.prelu(x, 0.1)],
    "y": [lambda y: fa.softmax.backward(X, y)],
    "weight": [lambda weight: fa.prelu(X, weight[0])],
    "dy": [lambda dy: fa.swish.backward_params(dy, X)],
}


@pytest.mark.parametrize("axis", HUGE, ids=range(len(HUGE)))
@pytest.mark.parametrize("function", WITH_AXIS.values(), ids=WITH_AXIS)
def test_axis(function, axis):
    with pytest.raises(np.exceptions.AxisError, match=r"^axis: .* is out of bounds for an array of dimension 2"):
        function(axis)


@pytest.mark.parametrize("beta", [10**400, -(10**5000)], ids=["positive", "negative"])
@pytest.mark.parametrize("function", WITH_PARAMETER.values(), ids=WITH_PARAMETER)
def test_parameter(function, beta):
    with pytest.raises(OverflowError, match=r"^beta: .* is too large for float"):
        function(beta)


@pytest.mark.parametrize("beta", [2**1023, -(2**100)])
def test_large_parameter_that_a_float_can_hold(beta):
    x = X.astype(np.float64)
    for result in (fa.swish(x, beta), fa.swish(x, beta=beta), fa.bias_act(x, np.zeros(4), "swish", beta=beta)):
        np.testing.assert_array_equal(result, fa.swish(x, float(beta)))


@pytest.mark.parametrize("count", [2**31, 2**100, -(10**5000)], ids=["int", "many", "negative"])
def test_count(count):
    for name, function in (("n", fa.set_num_threads), ("num_threads", lambda n: views.silu(X, X, num_threads=n))):
        with pytest.raises(ValueError, match=f"^{name}: .*threads"):
            function(count)
    if abs(count) > 2**63:
        with pytest.raises(ValueError, match=r"^n_bytes: .* bytes; at least 0 is needed"):
            fa.set_pool_limit(count)


@pytest.mark.parametrize(("name", "function"), [(name, f) for name, all_f in WITHOUT_MASK.items() for f in all_f])
def test_mask_that_would_be_lost(name, function):
    masked = np.ma.masked_array(X, X > 0)
    with pytest.raises(TypeError, match=re.escape(f"{name}: the mask of a MaskedArray would be lost")):
        function(masked)
    function(masked.filled(0))
