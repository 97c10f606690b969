"""Stress: calls of all kinds from 64 threads while another changes the number of threads and the pool's limit."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from calls import assert_same, outputs
from conftest import on_threads, same_bits

import fastact as fa
from fastact import views

CALLERS = 64
CASES = 300
LARGEST = 1 << 18  # elements: every function is worth two threads from fewer
SETTINGS = [(1, 0), (3, 1 << 28), (2, 1 << 22), (8, 1 << 28)]  # threads, bytes of the pool


def square(x):
    """Fold what there is of an array into rows of 7."""
    return x[: x.size // 7 * 7].reshape(-1, 7)


CALLS = [
    fa.silu,
    fa.selu.grad,
    fa.gelu.value_and_grad,
    lambda x: fa.gelu(x[::2]),
    lambda x: fa.mish(square(x).T),
    lambda x: fa.swish(x, beta=x[:1]),
    lambda x: fa.tanh(x.astype(np.float16)),
    lambda x: fa.softplus(x.astype(np.float64)),
    lambda x: fa.elu.backward(x, x[::-1]),
    lambda x: fa.relu(x, where=x > 1, out=np.zeros_like(x)),
    lambda x: fa.swiglu(x[: x.size // 2 * 2]),
    lambda x: fa.swish.backward_params(x, x),
    lambda x: fa.prelu(square(x), np.linspace(0, 1, 7, dtype=np.float32)),
    lambda x: fa.bias_act.backward(square(x), square(x), x[:7] if x.size >= 7 else np.zeros(7, np.float32)),
    lambda x: fa.softmax(square(x)),
    lambda x: fa.log_softmax(square(x), axis=0),
    fa.logsumexp,
    lambda x: views.celu(x, np.empty_like(x)),
]


@pytest.mark.parametrize("calls", [100, pytest.param(10_000, marks=pytest.mark.exhaustive)])
def test_results_are_those_of_one_thread(calls):
    rng = np.random.default_rng(1)
    sizes = np.exp(rng.uniform(0, np.log(LARGEST), CASES)).astype(int)
    cases = [(CALLS[k % len(CALLS)], rng.normal(size=size).astype(np.float32)) for k, size in enumerate(sizes)]
    with on_threads(1):
        expected = [tuple(map(np.asarray, outputs(function(x)))) for function, x in cases]
    ended = threading.Event()
    start = threading.Barrier(CALLERS)

    def change_settings():
        while not ended.wait(0.001):
            for count, limit in SETTINGS:
                fa.set_num_threads(count)
                fa.set_pool_limit(limit)

    def compute(seed):
        start.wait()
        for k in np.random.default_rng(seed).integers(0, CASES, calls):
            function, x = cases[k]
            got = tuple(map(np.asarray, outputs(function(x))))
            if not all(map(same_bits, got, expected[k])):
                assert_same(got, expected[k])
        return calls

    changing = threading.Thread(target=change_settings)
    before = fa.get_pool_limit()
    with on_threads(1), ThreadPoolExecutor(CALLERS) as pool:
        changing.start()
        try:
            assert sum(pool.map(compute, range(CALLERS))) == CALLERS * calls
        finally:
            ended.set()
            changing.join()
            fa.set_pool_limit(before)
