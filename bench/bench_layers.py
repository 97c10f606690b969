"""Learnable parameters, bias, gated pairs and softmax, masked too, against PyTorch: new arrays, one thread and two.

pytest bench/bench_layers.py --benchmark-only --benchmark-columns=min,median,rounds
"""

import time
from contextlib import contextmanager

import numpy as np
import pytest

import fastact as fa

IMAGES = (32, 64, 56, 56)
ROWS = (4096, 3072)
FEED_FORWARD = (2048, 11008)
CASES = [
    ("prelu", IMAGES),
    ("prelu_backward", IMAGES),
    ("swish_backward_params", IMAGES),
    ("bias_gelu", ROWS),
    ("bias_gelu_backward", ROWS),
    ("swiglu", FEED_FORWARD),
    ("softmax", (2048, 128)),
    ("softmax", (2048, 512)),
    ("softmax", (320, 50_000)),
]


def fastact_calls(shape):
    """Return functions of dy, x and a parameter for each channel."""
    beta = (-1,) + (1,) * (len(shape) - 2)
    return {
        "prelu": lambda dy, x, p: fa.prelu(x, p),
        "prelu_backward": fa.prelu.backward,
        "swish_backward_params": lambda dy, x, p: fa.swish.backward_params(dy, x, p.reshape(beta)),
        "bias_gelu": lambda dy, x, p: fa.bias_act(x, p),
        "bias_gelu_backward": fa.bias_act.backward,
        "swiglu": lambda dy, x, p: fa.swiglu(x, dy),
        "softmax": lambda dy, x, p: fa.softmax(x),
    }


def torch_calls(shape):
    """Return the same in PyTorch: its own backward functions, and for Swish what it would differentiate to."""
    import torch

    aten, functional = torch.ops.aten, torch.nn.functional
    channels = (1, -1) + (1,) * (len(shape) - 2)
    others = [axis for axis in range(len(shape)) if axis != 1]

    def swish(dy, x, p):
        p = p.reshape(channels)
        s = torch.sigmoid(p * x)
        slope = s * (1 - s)
        return dy * (s + x * p * slope), (dy * x * x * slope).sum(others)

    def bias_gelu_backward(dy, x, p):
        dx = aten.gelu_backward(dy, x + p)
        return dx, dx.sum(0)

    def prelu_backward(dy, x, p):
        dx, terms = aten._prelu_kernel_backward(dy, x, p.reshape(channels))
        return dx, terms.sum(others)

    return {
        "prelu": lambda dy, x, p: functional.prelu(x, p),
        "prelu_backward": prelu_backward,
        "swish_backward_params": swish,
        "bias_gelu": lambda dy, x, p: functional.gelu(torch.add(x, p)),
        "bias_gelu_backward": bias_gelu_backward,
        "swiglu": lambda dy, x, p: functional.silu(x) * dy,
        "softmax": lambda dy, x, p: torch.softmax(x, -1),
    }


@pytest.fixture
def on_threads(threads):
    before = fa.get_num_threads()
    fa.set_num_threads(threads)
    yield threads
    fa.set_num_threads(before)


@contextmanager
def torch_on(threads):
    """Make PyTorch use as many threads for a while, without gradients."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with torch.inference_mode():
        yield torch
    torch.set_num_threads(before)


@pytest.mark.benchmark(max_time=1, min_rounds=5, warmup=True)
@pytest.mark.parametrize("library", ["fastact", "torch"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("case", "shape"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_layer(benchmark, case, shape, on_threads, library):
    """One call that returns new arrays."""
    rng = np.random.default_rng(0)
    dy, x = 3 * rng.standard_normal((2, *shape), dtype=np.float32)
    parameter = rng.uniform(0.1, 1, shape[1]).astype(np.float32)
    benchmark.group = f"{case} {shape} on {on_threads}"
    if library == "fastact":
        benchmark(fastact_calls(shape)[case], dy, x, parameter)
        return
    with torch_on(on_threads) as torch:
        benchmark(torch_calls(shape)[case], *map(torch.from_numpy, (dy, x, parameter)))


def scores(shape, dtype, mask):
    """Return the scores of attention, queries by keys in the last two axes, as they are or masked in a usual way."""
    x = 3 * np.random.default_rng(0).standard_normal(shape, dtype=dtype)
    queries, keys = np.ogrid[: shape[-2], : shape[-1]]
    random = np.random.default_rng(1).random(shape) < 0.5
    hidden = {
        "unmasked": False,
        "causal": keys * shape[-2] > queries * shape[-1],
        "random half": random,
        "padding": keys >= 0.7 * shape[-1],
        "random half by -1e10": random,
    }
    return x + np.where(hidden[mask], -1e10 if "1e10" in mask else -np.inf, 0).astype(dtype)


MASKS = ["unmasked", "causal", "random half", "padding", "random half by -1e10"]


@pytest.mark.parametrize("library", ["fastact", "torch"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(12, 256, 256), (8, 1024, 1024), (64, 64)], ids=str)
@pytest.mark.parametrize("axis", [-1, -2])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "logsumexp"])
def test_mask(benchmark, name, axis, shape, dtype, on_threads, mask, library):
    """Each call right after one on unmasked scores: the ratio of the medians stands by the name."""
    masked, unmasked = (
        np.ascontiguousarray(np.swapaxes(-x if name == "softmin" else x, axis, -1))
        for x in (scores(shape, dtype, mask), scores(shape, dtype, "unmasked"))
    )
    benchmark.group = f"{name} {dtype} {shape} over axis {axis} on {on_threads}"
    before, rounds = [], min(200, max(15, 200_000_000 // masked.size))

    def measure(function, masked, unmasked):
        def turn():
            start = time.perf_counter()
            function(unmasked)
            before.append(time.perf_counter() - start)

        benchmark.pedantic(lambda: function(masked), setup=turn, rounds=rounds, warmup_rounds=3)
        if benchmark.stats:  # there are none when benchmarks are disabled
            ratio = benchmark.stats.stats.median / np.median(before[3:])
            benchmark.extra_info["times unmasked"] = ratio
            benchmark.stats.name = f"{library}, {mask}: {ratio:.3f} of unmasked"

    if library == "fastact":
        measure(lambda x: getattr(fa, name)(x, axis=axis), masked, unmasked)
        return
    with torch_on(on_threads) as torch:
        function = getattr(torch.nn.functional, name, None) or getattr(torch, name)
        measure(lambda x: function(x, dim=axis), *map(torch.from_numpy, (masked, unmasked)))
