"""Stress: calls of all kinds from many threads while another changes the number of threads and the pool's limit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from calls import assert_same
from conftest import on_threads

import fastact as fa

CALLS = [
    fa.silu,
    lambda x: fa.gelu(x[::2]),
    fa.softmax,
    fa.logsumexp,
    lambda x: fa.prelu(x, 0.1),
    lambda x: fa.swiglu(x[: x.size // 2 * 2]),
]


def test_results_are_those_of_one_thread():
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=size).astype(np.float32) for size in (3, 700, 50_001, 600_000)]
    cases = [(function, x) for function in CALLS for x in inputs]
    before = fa.get_pool_limit()
    with on_threads(1):
        expected = [function(x) for function, x in cases]
        with ThreadPoolExecutor(6) as pool:
            runs = [pool.submit(function, x) for _ in range(10) for function, x in cases]
            while not all(run.done() for run in runs):
                for count, limit in ((1, 0), (3, 1 << 28), (2, 1 << 22)):
                    fa.set_num_threads(count)
                    fa.set_pool_limit(limit)
            for run, want in zip(runs, expected * 10, strict=True):
                assert_same(run.result(), want)
        fa.set_pool_limit(before)
