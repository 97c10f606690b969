"""Calls as a program makes them, on default threads: each right after other work, or beside busy processes.

pytest bench/bench_pipeline.py --benchmark-only --benchmark-columns=median,mean,max,rounds
"""

from contextlib import contextmanager, nullcontext

import numpy as np
import pytest

import fastact as fa
from fastact._cli._between import BETWEEN

ROUNDS, WARM_UP = 200, 5
SHAPE = (256, 512)
DY, X, UP, RESULT = np.random.default_rng(0).standard_normal((4, *SHAPE), dtype=np.float32)
CALLS = {
    "silu": lambda: fa.silu(X),
    "gelu": lambda: fa.gelu(X),
    "softmax": lambda: fa.softmax(X),
    "swiglu": lambda: fa.swiglu(X, UP),
    "tanh.backward_from_output": lambda: fa.tanh.backward_from_output(DY, RESULT),
}


@contextmanager
def training(batch=64, width=256, rate=1e-3):
    """Take a step of gradient descent on two layers with a bias and SiLU between them."""
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((2, batch, width), dtype=np.float32)
    first, second = 0.05 * rng.standard_normal((2, width, width), dtype=np.float32)
    bias = np.zeros(width, np.float32)

    def step():
        nonlocal first, second, bias
        h = x @ first
        a = fa.bias_act(h, bias, "silu")
        dy = a @ second - target
        dh, dbias = fa.bias_act.backward(dy @ second.T, h, bias, "silu")
        first, second, bias = first - rate * (x.T @ dh), second - rate * (a.T @ dy), bias - rate * dbias

    yield step


SITUATIONS = {"alone": lambda: nullcontext(lambda: None), **BETWEEN, "training": training}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", CALLS)
def test_call_in_a_program(benchmark, name, situation):
    """One call that returns a new float32 array of 131,072 elements."""
    if situation == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    benchmark.group = name
    with SITUATIONS[situation]() as work:

        def setup():
            work()

        benchmark.pedantic(CALLS[name], setup=setup, rounds=ROUNDS, warmup_rounds=WARM_UP)
