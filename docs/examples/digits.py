"""Learn to read digits with a network of two layers in plain NumPy, whose activations are learnt, too.

    python docs/examples/digits.py

The digits are scikit-learn's. The hidden units are PReLU with a slope for each, or Swish with one beta for all.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastact as fa

HIDDEN = 64
EPOCHS = 40
BATCH = 64
RATE = 0.1
MOMENTUM = 0.9


def prelu_layer(dy, x, parameter):
    """Return y if dy is None, else the gradients with respect to x and the slopes."""
    return fa.prelu(x, parameter) if dy is None else fa.prelu.backward(dy, x, parameter, out=dy)


def swish_layer(dy, x, parameter):
    """Return y if dy is None, else the gradients with respect to x and beta."""
    return fa.swish(x, parameter) if dy is None else fa.swish.backward_params(dy, x, parameter, out=dy)


LAYERS = {"prelu": (prelu_layer, np.full(HIDDEN, 0.25, np.float32)), "swish": (swish_layer, np.ones(1, np.float32))}


def digits():
    """Return pixels and labels, for training and for the test."""
    pixels, labels = load_digits(return_X_y=True)
    return train_test_split((pixels / 16).astype(np.float32), labels, random_state=0, stratify=labels)


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def initial_weights(rng, parameter):
    """Return weights and biases of two layers, scaled as He et al. do, and the parameter of the activation."""
    shapes = (64, HIDDEN), (HIDDEN, 10)
    (first, second) = (rng.normal(scale=np.sqrt(2 / shape[0]), size=shape).astype(np.float32) for shape in shapes)
    return [first, np.zeros(HIDDEN, np.float32), second, np.zeros(10, np.float32), parameter.copy()]


def forward(activation, weights, x):
    first, first_bias, second, second_bias, parameter = weights
    hidden = x @ first + first_bias
    active = activation(None, hidden, parameter)
    return hidden, active, active @ second + second_bias


def gradients(activation, weights, x, labels):
    """Return the gradients of the mean cross-entropy, in the order of the weights."""
    hidden, active, scores = forward(activation, weights, x)
    dscores = (softmax(scores) - np.eye(10, dtype=np.float32)[labels]) / np.float32(len(x))
    dhidden, dparameter = activation(dscores @ weights[2].T, hidden, weights[4])
    return x.T @ dhidden, dhidden.sum(axis=0), active.T @ dscores, dscores.sum(axis=0), dparameter


def train(name, seed=0):
    """Return the accuracy on the test set, and the parameter of the activation as it was learnt."""
    x, x_test, labels, labels_test = digits()
    activation, parameter = LAYERS[name]
    rng = np.random.default_rng(seed)
    weights = initial_weights(rng, parameter)
    speeds = [np.zeros_like(weight) for weight in weights]
    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            for weight, speed, slope in zip(
                weights, speeds, gradients(activation, weights, x[batch], labels[batch]), strict=True
            ):
                speed *= MOMENTUM
                speed -= RATE * slope
                weight += speed
    accuracy = (forward(activation, weights, x_test)[2].argmax(axis=1) == labels_test).mean()
    return float(accuracy), weights[4]


if __name__ == "__main__":
    for name in LAYERS:
        accuracy, parameter = train(name)
        print(
            f"{name}: {accuracy:.1%} of the test digits; parameters from {parameter.min():.3f} to {parameter.max():.3f}"
        )
