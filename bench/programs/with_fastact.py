"""The programs with fastact: those of `with_numpy` with other activations, and the same code for all else."""

from contextlib import contextmanager
from functools import partial

import numpy as np

import fastact as fa

from . import with_numpy


def in_place_softmax(x):
    return fa.softmax(x, out=x)


def gpt2_feed_forward(x, up, down):
    hidden = x @ up[0]
    fa.bias_act(hidden, up[1], "gelu_tanh", out=hidden)
    return hidden @ down[0] + down[1]


def llama_feed_forward(x, gate, up, down):
    gate = x @ gate
    return fa.swiglu(gate, x @ up, out=gate) @ down


def gpt2(x, weights, heads):
    mask = with_numpy.causal_mask(len(x))
    return partial(with_numpy.gpt2_block, x, weights, heads, mask, gpt2_feed_forward, in_place_softmax)


gpt2_pow = gpt2


def llama(x, weights, heads):
    fixed = with_numpy.causal_mask(len(x)), with_numpy.rotary_angles(len(x), x.shape[1] // heads)
    return partial(with_numpy.llama_block, x, weights, heads, *fixed, llama_feed_forward, in_place_softmax)


def silu_mlp(x, w, w2):
    def run():
        hidden = x @ w
        return fa.silu(hidden, out=hidden) @ w2

    return run


def swish(x, beta):
    return fa.swish(x, beta), None


def swish_backward(dy, x, beta, kept):
    return fa.swish.backward_params(dy, x, beta, out=dy)


def prelu(x, slopes):
    return fa.prelu(x, slopes), None


def prelu_backward(dy, x, slopes, kept):
    return fa.prelu.backward(dy, x, slopes, out=dy)


def mlp_step_swish(x, labels, weights):
    parameters = with_numpy.first_parameters(weights, with_numpy.FIRST_BETA)
    return partial(with_numpy.training_step, x, labels, parameters, swish, swish_backward, in_place_softmax)


def mlp_step_prelu(x, labels, weights):
    parameters = with_numpy.first_parameters(weights, with_numpy.first_slopes(weights))
    return partial(with_numpy.training_step, x, labels, parameters, prelu, prelu_backward, in_place_softmax)


def conv_step(x, weights, bias):
    def run():
        y = with_numpy.convolved(x, weights)
        return fa.bias_act(y, bias, "silu", axis=1, out=y)

    return run


@contextmanager
def patched(name, ufunc):
    """Put a ufunc and its derivative in the place of one of scikit-learn's activations, for a while."""
    from sklearn.neural_network import _base

    before = _base.ACTIVATIONS[name], _base.DERIVATIVES[name]
    _base.ACTIVATIONS[name] = lambda x: ufunc(x, out=x)
    _base.DERIVATIVES[name] = lambda y, dy: ufunc.backward_from_output(dy, y, out=dy)
    try:
        yield
    finally:
        _base.ACTIVATIONS[name], _base.DERIVATIVES[name] = before


def sklearn_mlp(name, ufunc, x, labels, settings):
    def run():
        with patched(name, ufunc):
            return with_numpy.fitted(name, x, labels, settings)

    return run


sklearn_mlp_tanh = partial(sklearn_mlp, "tanh", fa.tanh)
sklearn_mlp_logistic = partial(sklearn_mlp, "logistic", fa.sigmoid)


def silu_after_matmul(a, b, x):
    return partial(np.matmul, a, b), partial(fa.silu, x)
