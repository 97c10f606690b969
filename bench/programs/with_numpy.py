"""The programs in plain NumPy, SciPy and scikit-learn, as people write them.

Each function takes what `inputs` makes, and returns a function without arguments that runs the program once.
"""

import math
import warnings
from functools import partial

import numpy as np

NORM_EPSILON = 1e-5
ROTARY_BASE = 10000.0
FIRST_BETA, FIRST_SLOPE = 1.0, 0.25  # of parameters that are learnt
LEARNING_RATE = 0.1


def softmax(x):
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu_of_products(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def gelu_of_power(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def layer_norm(x, gain, bias):
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.var(x, axis=-1, keepdims=True)
    return gain * (x - mean) / np.sqrt(variance + NORM_EPSILON) + bias


def rms_norm(x, gain):
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + NORM_EPSILON) * gain


def causal_mask(tokens):
    return np.triu(np.full((tokens, tokens), -np.inf, np.float32), 1)


def split_heads(x, heads):
    """From (tokens, width) to (heads, tokens, width / heads)."""
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def attention(q, k, v, mask, softmax=softmax):
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1]) + mask
    return (softmax(scores) @ v).transpose(1, 0, 2).reshape(q.shape[1], -1)


def rotary_angles(tokens, width):
    """Return cosines and sines of shape (tokens, width / 2)."""
    frequencies = ROTARY_BASE ** (-np.arange(0, width, 2) / width)
    angles = np.outer(np.arange(tokens), frequencies).astype(np.float32)
    return np.cos(angles), np.sin(angles)


def rotated(x, cosines, sines):
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cosines - second * sines, second * cosines + first * sines], axis=-1)


# Layers with parameters: forward returns y and what backward wants besides, backward the gradients by x and parameter


def swish(x, beta):
    s = 1 / (1 + np.exp(-beta * x))
    return x * s, s


def swish_backward(dy, x, beta, s):
    slope = s * (1 - s)
    return dy * (s + beta * x * slope), np.sum(dy * x * x * slope)


def prelu(x, slopes):
    positive = x > 0
    return np.where(positive, x, slopes * x), positive


def prelu_backward(dy, x, slopes, positive):
    return np.where(positive, dy, slopes * dy), np.sum(np.where(positive, 0, dy * x), axis=0)


# Blocks and steps, with the places for fastact's


def gpt2_feed_forward(x, up, down, gelu):
    return gelu(x @ up[0] + up[1]) @ down[0] + down[1]


def gpt2_block(x, w, heads, mask, feed_forward, softmax=softmax):
    qkv = layer_norm(x, *w["norm1"]) @ w["qkv"][0] + w["qkv"][1]
    q, k, v = (split_heads(part, heads) for part in np.split(qkv, 3, axis=-1))
    x = x + attention(q, k, v, mask, softmax) @ w["projection"][0] + w["projection"][1]
    return x + feed_forward(layer_norm(x, *w["norm2"]), w["up"], w["down"])


def llama_feed_forward(x, gate, up, down):
    return (silu(x @ gate) * (x @ up)) @ down


def llama_block(x, w, heads, mask, angles, feed_forward=llama_feed_forward, softmax=softmax):
    h = rms_norm(x, w["norm1"])
    q, k, v = (split_heads(h @ w[name], heads) for name in ("query", "key", "value"))
    x = x + attention(rotated(q, *angles), rotated(k, *angles), v, mask, softmax) @ w["projection"]
    return x + feed_forward(rms_norm(x, w["norm2"]), w["gate"], w["up"], w["down"])


def training_step(x, labels, parameters, forward, backward, softmax=softmax):
    """Change the parameters by one step, and return the loss and its gradients from before."""
    w1, b1, w2, b2, p = parameters
    hidden = x @ w1 + b1
    active, kept = forward(hidden, p)
    dscores = softmax(active @ w2 + b2)
    of_labels = np.arange(len(x)), labels
    loss = -np.mean(np.log(dscores[of_labels]))
    dscores[of_labels] -= 1
    dscores /= len(x)
    dhidden, dp = backward(dscores @ w2.T, hidden, p, kept)
    gradients = x.T @ dhidden, dhidden.sum(axis=0), active.T @ dscores, dscores.sum(axis=0), dp
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter -= LEARNING_RATE * gradient
    return loss, *gradients


def convolved(x, weights):
    """Sums over 3 x 3 windows of padded images: (images, channels, side, side) to (images, outputs, side * side)."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(len(x), weights[0].size, -1)
    return weights.reshape(len(weights), -1) @ columns


# The programs


def gpt2(x, weights, heads, gelu=gelu_of_products):
    return partial(gpt2_block, x, weights, heads, causal_mask(len(x)), partial(gpt2_feed_forward, gelu=gelu))


def gpt2_pow(x, weights, heads):
    return gpt2(x, weights, heads, gelu_of_power)


def llama(x, weights, heads):
    angles = rotary_angles(len(x), x.shape[1] // heads)
    return partial(llama_block, x, weights, heads, causal_mask(len(x)), angles)


def silu_mlp(x, w, w2):
    return lambda: silu(x @ w) @ w2


def first_parameters(weights, first):
    """Return copies of weights and biases, and the parameter of the activation."""
    return [*(weight.copy() for weight in weights), np.array(first, np.float32)]


def first_slopes(weights):
    return np.full_like(weights[1], FIRST_SLOPE)


def mlp_step_swish(x, labels, weights):
    return partial(training_step, x, labels, first_parameters(weights, FIRST_BETA), swish, swish_backward)


def mlp_step_prelu(x, labels, weights):
    parameters = first_parameters(weights, first_slopes(weights))
    return partial(training_step, x, labels, parameters, prelu, prelu_backward)


def conv_step(x, weights, bias):
    return lambda: silu(convolved(x, weights) + bias[:, np.newaxis])


def fitted(activation, x, labels, settings):
    """Train a network, and return its losses, epoch by epoch, and its weights."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = MLPClassifier(activation=activation, **settings).fit(x, labels)
    return np.array(classifier.loss_curve_), *classifier.coefs_


def sklearn_mlp_tanh(x, labels, settings):
    return partial(fitted, "tanh", x, labels, settings)


def sklearn_mlp_logistic(x, labels, settings):
    return partial(fitted, "logistic", x, labels, settings)


def silu_after_matmul(a, b, x):
    product = partial(np.matmul, a, b)
    return {"numpy alone": (product, None), "numpy": (product, partial(silu, x))}
