"""The programs in docs/examples do what they say."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from reader import clone, run

pytest.importorskip("sklearn", reason="the examples take digits and networks from scikit-learn")
pytest.importorskip("scipy", reason="scikit-learn needs SciPy")

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


def load(name):
    return SimpleNamespace(**runpy.run_path(str(FOLDER / f"{name}.py")))


@pytest.mark.parametrize("activation", ["prelu", "swish"])
def test_digits_are_read(activation):
    digits = load("digits")
    accuracy, parameter = digits.train(activation)
    start = digits.LAYERS[activation][1]
    assert accuracy > 0.95
    assert parameter.shape == start.shape
    assert (np.abs(parameter - start) > 1e-3).all()  # it was learnt


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_probabilities_are_those_of_scikit_learn(activation):
    example = load("mlp_classifier")
    classifier, x = example.trained(activation)
    np.testing.assert_allclose(
        example.predict_proba(classifier, x), classifier.predict_proba(x), rtol=1e-12, atol=1e-300
    )


@pytest.mark.parametrize(("name", "lines"), [("digits", 2), ("mlp_classifier", 3)])
def test_programs_run(name, lines, tmp_path):
    """By the command that their docstring has."""
    command = f"python docs/examples/{name}.py"
    assert re.search(rf"^ *{command}$", (FOLDER / f"{name}.py").read_text(), re.MULTILINE)
    assert len(run(command, clone, tmp_path).splitlines()) == lines
