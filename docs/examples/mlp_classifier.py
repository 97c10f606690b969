"""Run a network that scikit-learn has trained, with fastact's activations: same probabilities, one array per layer.

python docs/examples/mlp_classifier.py
"""

import warnings

from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import fastact as fa

NAMES = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid"}  # of scikit-learn's activations, here


def predict_proba(classifier, x):
    """Return what `classifier.predict_proba(x)` returns, for three classes or more."""
    *hidden, last = zip(classifier.coefs_, classifier.intercepts_, strict=True)
    for weights, bias in hidden:
        x = x @ weights
        fa.bias_act(x, bias, NAMES[classifier.activation], out=x)
    weights, bias = last
    return softmax(x @ weights + bias, axis=1)


def trained(activation):
    """Return a classifier of digits, trained for a few rounds, and the digits."""
    pixels, labels = load_digits(return_X_y=True)
    classifier = MLPClassifier((50, 30), activation=activation, max_iter=20, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(pixels / 16, labels)
    return classifier, pixels / 16


if __name__ == "__main__":
    for activation in NAMES:
        classifier, x = trained(activation)
        difference = abs(predict_proba(classifier, x) - classifier.predict_proba(x)).max()
        print(f"{activation}: the probabilities differ by {difference:.1e} at most")
