"""Fused calls of a small training step, and of a large one, against what they replace: new float32 arrays.

Each call next to the separate ones of fastact and NumPy that it stands for, NumPy by hand, and PyTorch.

pytest bench/bench_small_steps.py --benchmark-only --benchmark-columns=min,median,rounds
"""

import numpy as np
import pytest

import fastact as fa

COLUMNS = 256
ROWS = (64, 16_384)
BETA, SLOPE = 1.25, 0.25


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def summed(terms, parameter):
    """Sum over what shares a parameter: a number, or one for each column."""
    return terms.sum() if np.ndim(parameter) == 0 else terms.sum(0)


def separate_gradients(name, by, dy, x, p):
    """Return dx and the gradient of a parameter from the ufuncs of an activation."""
    function = getattr(fa, name)
    return function.backward(dy, x, p), summed(dy * getattr(function, f"grad_{by}")(x, p), p)


def prelu_by_hand(dy, x, p):
    return np.where(x > 0, dy, p * dy), summed(dy * np.minimum(x, 0), p)


def swish_by_hand(dy, x, p):
    s = sigmoid(p * x)
    slope = s * (1 - s)
    return dy * (s + p * x * slope), summed(dy * x * x * slope, p)


def silu_by_hand(dy, x, b):
    t = x + b
    s = sigmoid(t)
    dx = dy * (s + t * s * (1 - s))
    return dx, dx.sum(0)


def bias_backward(name, dy, x, b):
    dx = getattr(fa, name).backward(dy, x + b)
    return dx, dx.sum(0)


def swiglu_backward(dy, gate, up):
    value, slope = fa.silu.value_and_grad(gate)
    return dy * up * slope, dy * value


def swiglu_backward_by_hand(dy, gate, up):
    s = sigmoid(gate)
    return dy * up * (s + gate * s * (1 - s)), dy * gate * s


def halves(x):
    up, gate = np.split(x, 2, axis=-1)
    return gate, up


def joined(gate, up):
    return np.concatenate([up, gate], axis=-1)


def softmax_by_hand(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def learnt(title, fused, name, by, by_hand, number):
    """Rows of CALLS for a layer that learns one parameter, and for one that learns a parameter for each column."""

    def row(choose):
        return (
            lambda dy, x, u, both, w: fused(dy, x, choose(w)),
            lambda dy, x, u, both, w: separate_gradients(name, by, dy, x, choose(w)),
            lambda dy, x, u, both, w: by_hand(dy, x, choose(w)),
        )

    return {f"{title}, one parameter": row(lambda w: number), title: row(lambda w: w)}


# Name -> the fused call, the separate ones and NumPy by hand, of dy, x, another array like x, both of them side by side
# and a parameter for each column. None: there is no other way to write it in NumPy alone.
CALLS = {
    "prelu": (
        lambda dy, x, u, both, w: fa.prelu(x, w),
        lambda dy, x, u, both, w: np.where(x > 0, x, w * x),
        None,
    ),
    **learnt("prelu.backward", fa.prelu.backward, "leaky_relu", "negative_slope", prelu_by_hand, SLOPE),
    **learnt("swish.backward_params", fa.swish.backward_params, "swish", "beta", swish_by_hand, BETA),
    "bias_act relu": (
        lambda dy, x, u, both, w: fa.bias_act(x, w, "relu"),
        lambda dy, x, u, both, w: fa.relu(x + w),
        lambda dy, x, u, both, w: np.maximum(x + w, 0),
    ),
    "bias_act gelu": (
        lambda dy, x, u, both, w: fa.bias_act(x, w, "gelu"),
        lambda dy, x, u, both, w: fa.gelu(x + w),
        None,
    ),
    "bias_act silu": (
        lambda dy, x, u, both, w: fa.bias_act(x, w, "silu"),
        lambda dy, x, u, both, w: fa.silu(x + w),
        lambda dy, x, u, both, w: (x + w) * sigmoid(x + w),
    ),
    "bias_act.backward gelu": (
        lambda dy, x, u, both, w: fa.bias_act.backward(dy, x, w, "gelu"),
        lambda dy, x, u, both, w: bias_backward("gelu", dy, x, w),
        None,
    ),
    "bias_act.backward silu": (
        lambda dy, x, u, both, w: fa.bias_act.backward(dy, x, w, "silu"),
        lambda dy, x, u, both, w: bias_backward("silu", dy, x, w),
        lambda dy, x, u, both, w: silu_by_hand(dy, x, w),
    ),
    "swiglu": (
        lambda dy, x, u, both, w: fa.swiglu(x, u),
        lambda dy, x, u, both, w: fa.silu(x) * u,
        lambda dy, x, u, both, w: x * sigmoid(x) * u,
    ),
    "swiglu of halves": (
        lambda dy, x, u, both, w: fa.swiglu(both),
        lambda dy, x, u, both, w: fa.silu(halves(both)[0]) * halves(both)[1],
        lambda dy, x, u, both, w: halves(both)[0] * sigmoid(halves(both)[0]) * halves(both)[1],
    ),
    "swiglu.backward": (
        lambda dy, x, u, both, w: fa.swiglu.backward(dy, x, u),
        lambda dy, x, u, both, w: swiglu_backward(dy, x, u),
        lambda dy, x, u, both, w: swiglu_backward_by_hand(dy, x, u),
    ),
    "swiglu.backward of halves": (
        lambda dy, x, u, both, w: fa.swiglu.backward(dy, both),
        lambda dy, x, u, both, w: joined(*swiglu_backward(dy, *halves(both))),
        lambda dy, x, u, both, w: joined(*swiglu_backward_by_hand(dy, *halves(both))),
    ),
    "softmax": (
        lambda dy, x, u, both, w: fa.softmax(x),
        lambda dy, x, u, both, w: softmax_by_hand(x),
        None,
    ),
}


def torch_calls():
    """Name -> the same in PyTorch: its own backward functions, and for Swish what it would differentiate to."""
    import torch

    aten, functional = torch.ops.aten, torch.nn.functional

    def swish(dy, x, p):
        s = torch.sigmoid(p * x)
        slope = s * (1 - s)
        terms = dy * x * x * slope
        return dy * (s + p * x * slope), terms.sum() if isinstance(p, float) else terms.sum(0)

    def prelu_backward(dy, x, p):
        dx, terms = aten._prelu_kernel_backward(dy, x, p)
        return dx, terms.sum(tuple(range(2 - p.ndim)))

    def with_bias(backward, dy, t):
        dx = backward(dy, t)
        return dx, dx.sum(0)

    def swiglu_backward(dy, gate, up):
        return aten.silu_backward(dy * up, gate), dy * functional.silu(gate)

    return {
        "prelu": lambda dy, x, u, both, w: functional.prelu(x, w),
        "prelu.backward, one parameter": lambda dy, x, u, both, w: prelu_backward(dy, x, w.new_tensor(SLOPE)),
        "prelu.backward": lambda dy, x, u, both, w: prelu_backward(dy, x, w),
        "swish.backward_params, one parameter": lambda dy, x, u, both, w: swish(dy, x, BETA),
        "swish.backward_params": lambda dy, x, u, both, w: swish(dy, x, w),
        "bias_act relu": lambda dy, x, u, both, w: torch.relu(x + w),
        "bias_act gelu": lambda dy, x, u, both, w: functional.gelu(x + w),
        "bias_act silu": lambda dy, x, u, both, w: functional.silu(x + w),
        "bias_act.backward gelu": lambda dy, x, u, both, w: with_bias(aten.gelu_backward, dy, x + w),
        "bias_act.backward silu": lambda dy, x, u, both, w: with_bias(aten.silu_backward, dy, x + w),
        "swiglu": lambda dy, x, u, both, w: functional.silu(x) * u,
        "swiglu of halves": lambda dy, x, u, both, w: functional.silu(both[:, COLUMNS:]) * both[:, :COLUMNS],
        "swiglu.backward": lambda dy, x, u, both, w: swiglu_backward(dy, x, u),
        "swiglu.backward of halves": lambda dy, x, u, both, w: torch.cat(
            swiglu_backward(dy, both[:, COLUMNS:], both[:, :COLUMNS])[::-1], 1
        ),
        "softmax": lambda dy, x, u, both, w: torch.softmax(x, -1),
    }


@pytest.fixture
def on_threads(threads):
    """Use one thread, or as many as are usual: None."""
    before = fa.get_num_threads()
    fa.set_num_threads(threads or before)
    yield threads or before
    fa.set_num_threads(before)


@pytest.mark.benchmark(max_time=0.3, min_rounds=10, warmup=True)
@pytest.mark.parametrize("library", ["fused", "separate", "numpy", "torch"])
@pytest.mark.parametrize("threads", [1, None], ids=["one thread", "default threads"])
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("call", CALLS)
def test_step(benchmark, call, rows, on_threads, library):
    """One call that returns new arrays."""
    rng = np.random.default_rng(0)
    dy, x, up = 3 * rng.standard_normal((3, rows, COLUMNS), dtype=np.float32)
    parameter = rng.uniform(0.1, 1, COLUMNS).astype(np.float32)
    operands = (dy, x, up, np.concatenate([up, x], axis=1), parameter)
    benchmark.group = f"{call} {rows} x {COLUMNS} on {on_threads}"
    if library != "torch":
        function = CALLS[call][["fused", "separate", "numpy"].index(library)]
        if function is None:
            pytest.skip("the same as the separate calls, or not to be had in NumPy alone")
        benchmark(function, *operands)
        return
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(on_threads)
    with torch.inference_mode():
        benchmark(torch_calls()[call], *map(torch.from_numpy, operands))
    torch.set_num_threads(before)
