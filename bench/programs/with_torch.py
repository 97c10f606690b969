"""The programs in PyTorch: the same arithmetic, by the functions that PyTorch has for it; see `with_numpy`."""

import math

import torch
from torch.nn import functional

from .with_numpy import FIRST_BETA, LEARNING_RATE, NORM_EPSILON, causal_mask, first_parameters, first_slopes
from .with_numpy import rotary_angles as numpy_angles

inference = torch.inference_mode()


def tensors(value):
    """Return arrays in tuples and dicts as tensors."""
    if isinstance(value, dict):
        return {name: tensors(part) for name, part in value.items()}
    return tuple(map(tensors, value)) if isinstance(value, tuple) else torch.from_numpy(value)


def linear(x, weights_and_bias):
    weights, bias = weights_and_bias
    return torch.addmm(bias, x, weights)


def split_heads(x, heads):
    return x.reshape(len(x), heads, -1).transpose(0, 1)


def attention(q, k, v, mask):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]) + mask
    return (torch.softmax(scores, -1) @ v).transpose(0, 1).reshape(q.shape[1], -1)


def rotated(x, cosines, sines):
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosines - second * sines, second * cosines + first * sines], -1)


def layer_norm(x, gain, bias):
    return functional.layer_norm(x, gain.shape, gain, bias, NORM_EPSILON)


def rms_norm(x, gain):
    return functional.rms_norm(x, gain.shape, gain, NORM_EPSILON)


def gpt2(x, weights, heads):
    x, w, mask = tensors((x, weights, causal_mask(len(x))))

    @inference
    def run():
        qkv = linear(layer_norm(x, *w["norm1"]), w["qkv"])
        q, k, v = (split_heads(part, heads) for part in qkv.chunk(3, -1))
        h = x + linear(attention(q, k, v, mask), w["projection"])
        active = functional.gelu(linear(layer_norm(h, *w["norm2"]), w["up"]), approximate="tanh")
        return h + linear(active, w["down"])

    return run


gpt2_pow = gpt2


def llama(x, weights, heads):
    angles = numpy_angles(len(x), x.shape[1] // heads)
    x, w, mask, angles = tensors((x, weights, causal_mask(len(x)), angles))

    @inference
    def run():
        normed = rms_norm(x, w["norm1"])
        q, k, v = (split_heads(normed @ w[name], heads) for name in ("query", "key", "value"))
        h = x + attention(rotated(q, *angles), rotated(k, *angles), v, mask) @ w["projection"]
        normed = rms_norm(h, w["norm2"])
        return h + (functional.silu(normed @ w["gate"]) * (normed @ w["up"])) @ w["down"]

    return run


def silu_mlp(x, w, w2):
    x, w, w2 = tensors((x, w, w2))
    return inference(lambda: functional.silu(x @ w) @ w2)


def training_step(activation, x, labels, parameters):
    x, labels = tensors((x, labels))
    parameters = [torch.from_numpy(parameter).requires_grad_() for parameter in parameters]

    def run():
        w1, b1, w2, b2, p = parameters
        active = activation(torch.addmm(b1, x, w1), p)
        loss = functional.cross_entropy(torch.addmm(b2, active, w2), labels)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= LEARNING_RATE * gradient
        return loss.detach(), *gradients

    return run


def mlp_step_swish(x, labels, weights):
    return training_step(lambda x, p: x * torch.sigmoid(p * x), x, labels, first_parameters(weights, FIRST_BETA))


def mlp_step_prelu(x, labels, weights):
    return training_step(functional.prelu, x, labels, first_parameters(weights, first_slopes(weights)))


def conv_step(x, weights, bias):
    x, weights, bias = tensors((x, weights, bias))
    return inference(lambda: functional.silu(functional.conv2d(x, weights, bias, padding=1)).flatten(2))


def silu_after_matmul(a, b, x):
    a, b, x = tensors((a, b, x))
    product = inference(lambda: a @ b)
    return {"torch alone": (product, None), "torch": (product, inference(lambda: functional.silu(x)))}
