"""Weights and data of the programs: the same for every library, since they depend on the sizes alone."""

import numpy as np

SEED = 0


def normal(rng, *shape, scale=1.0):
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def layer(rng, inputs, outputs):
    """Weights that keep the scale of what goes through them."""
    return normal(rng, inputs, outputs, scale=inputs**-0.5)


def gpt2(tokens, width, hidden, heads):
    """Return x, weights by name and the number of heads."""
    rng = np.random.default_rng(SEED)
    linear = {"qkv": (width, 3 * width), "projection": (width, width), "up": (width, hidden), "down": (hidden, width)}
    weights = {name: (layer(rng, *shape), normal(rng, shape[1], scale=0.1)) for name, shape in linear.items()}
    norms = {name: (1 + normal(rng, width, scale=0.1), normal(rng, width, scale=0.1)) for name in ("norm1", "norm2")}
    return normal(rng, tokens, width), weights | norms, heads


def llama(tokens, width, hidden, heads):
    """Return x, weights by name and the number of heads."""
    rng = np.random.default_rng(SEED)
    linear = dict.fromkeys(("query", "key", "value", "projection"), (width, width))
    linear |= {"gate": (width, hidden), "up": (width, hidden), "down": (hidden, width)}
    weights = {name: layer(rng, *shape) for name, shape in linear.items()}
    norms = {name: 1 + normal(rng, width, scale=0.1) for name in ("norm1", "norm2")}
    return normal(rng, tokens, width), weights | norms, heads


def silu_mlp(rows, width):
    """Return x and the two weights."""
    rng = np.random.default_rng(SEED)
    return normal(rng, rows, width), layer(rng, width, width), layer(rng, width, width)


def mlp_step(rows, features, hidden, classes):
    """Return x, labels, and weights and biases of two layers."""
    rng = np.random.default_rng(SEED)
    weights = layer(rng, features, hidden), normal(rng, hidden), layer(rng, hidden, classes), normal(rng, classes)
    return normal(rng, rows, features), rng.integers(0, classes, rows), weights


def conv_step(images, channels, outputs, side):
    """Return images, 3 x 3 weights and biases."""
    rng = np.random.default_rng(SEED)
    weights = normal(rng, outputs, channels, 3, 3, scale=(9 * channels) ** -0.5)
    return normal(rng, images, channels, side, side), weights, normal(rng, outputs)


def sklearn_mlp(rows, features, classes, hidden, batch, epochs):
    """Return samples, labels, and the settings of the classifier."""
    from sklearn.datasets import make_classification

    x, labels = make_classification(rows, features, n_informative=features // 2, n_classes=classes, random_state=SEED)
    settings = {"hidden_layer_sizes": (hidden,), "batch_size": batch, "max_iter": epochs, "random_state": SEED}
    return x, labels, settings


def silu_after_matmul(width, elements):
    """Return the two factors, and what the activation is called on."""
    rng = np.random.default_rng(SEED)
    return layer(rng, width, width), layer(rng, width, width), normal(rng, elements, scale=3)
