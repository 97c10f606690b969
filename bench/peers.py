"""Race fastact against the libraries that are installed: one interleaved run, minimum over the rounds.

    python bench/peers.py                                          every function, 262,144 float32 elements, one thread
    python bench/peers.py --backward --functions silu gelu         dy * f'(x) against the peers' own backward kernels
    python bench/peers.py --sizes 16 --peers torch                 the cost of a call; compare the column `negative`
    python bench/peers.py --sizes 1000000 --threads 1 2 --layouts contiguous strided --functions silu

Inputs are 3 * N(0, 1) and the same memory for every library; fastact, PyTorch and JAX return new arrays, ONNX Runtime
and OpenVINO write to bound ones. PyTorch runs in inference mode. `negative` and `copy` are np.negative and np.copyto,
for scale. The garbage collector is off. Use a quiet machine: whatever else runs is measured too.
"""

import argparse
import importlib.util
import itertools
import json
import os
import platform
import timeit
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version

PEERS = ("torch", "jax", "onnxruntime", "openvino")
SCALES = ("negative", "copy")
LAYOUTS = ("contiguous", "strided")
PER_CALL_BELOW = 1024  # elements; smaller arrays are reported per call
ALLOCATED = 1 << 24  # bytes, more than any result
REQUIRED_VALUE = 0.5  # for a parameter that has no default

# (statement, names it uses): timeit compiles the statement into its loop, so nobody pays for a wrapper
Entry = tuple[str, dict[str, object]]


def fastact_entry(name: str, backward: bool, x, dy, threads: int) -> Entry:
    import fastact
    from fastact._ufuncs import table

    function = getattr(fastact, name)
    required = "".join(f", {REQUIRED_VALUE}" for default in table[name].values() if default is None)
    arguments = f"dy, x{required}" if backward else f"x{required}"
    return f"f({arguments})", {"f": function.backward if backward else function, "x": x, "dy": dy}


def torch_entry(name: str, backward: bool, x, dy, threads: int) -> Entry | None:
    import torch
    from torch.nn import functional

    x, dy = torch.from_numpy(x), torch.from_numpy(dy)
    if backward and name not in TORCH_BACKWARD:
        return None
    if backward:
        operator, arguments = TORCH_BACKWARD[name]
        names = {"x": x, "dy": dy, "f": getattr(torch.ops.aten, operator).default}
        if "y" in arguments.split(", "):
            names["y"] = getattr(torch, name)(x)
        if "buffer" in arguments:
            names["buffer"] = torch.ops.aten.log_sigmoid_forward(x)[1]
        return f"f({arguments})", names
    spelling, arguments = TORCH_FORWARD.get(name, (name.replace("_", ""), "x"))
    function = getattr(torch, spelling, None) or getattr(functional, spelling, None)
    return function and (f"f({arguments})", {"f": function, "x": x})


def jax_entry(name: str, backward: bool, x, dy, threads: int) -> Entry | None:
    import jax

    function = getattr(jax.nn, JAX_NAMES.get(name, name), None)
    if function is None or not x.flags.c_contiguous:
        return None
    if name == "gelu":
        function = partial(function, approximate=False)
    x, dy = jax.numpy.asarray(x), jax.numpy.asarray(dy)
    if backward:
        function = jax.jit(lambda dy, x, f=function: jax.vjp(f, x)[1](dy)[0])
        return "f(dy, x).block_until_ready()", {"f": function, "x": x, "dy": dy}
    return "f(x).block_until_ready()", {"f": jax.jit(function), "x": x}


def onnx_model(name: str, x) -> bytes | None:
    if name not in ONNX_BODIES or not x.flags.c_contiguous or importlib.util.find_spec("onnx") is None:
        return None
    from onnx import parser

    head = f'<ir_version: 10, opset_import: ["": 22]> {name} (float[{x.size}] x) => (float[{x.size}] y)'
    return parser.parse_model(f"{head} {{ {ONNX_BODIES[name]} }}").SerializeToString()


def onnxruntime_entry(name: str, backward: bool, x, dy, threads: int) -> Entry | None:
    import numpy as np
    import onnxruntime

    model = None if backward else onnx_model(name, x)
    if model is None:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding, y = session.io_binding(), onnxruntime.OrtValue.ortvalue_from_numpy(np.empty_like(x))
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(x))
    binding.bind_ortvalue_output("y", y)
    return "f(binding)", {"f": session.run_with_iobinding, "binding": binding}


def openvino_entry(name: str, backward: bool, x, dy, threads: int) -> Entry | None:
    import openvino

    model = None if backward else onnx_model(name, x)
    if model is None:
        return None
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
    request.set_input_tensor(openvino.Tensor(x, shared_memory=True))
    return "f()", {"f": request.infer}


def negative_entry(name: str, backward: bool, x, dy, threads: int) -> Entry:
    import numpy as np

    return "f(x)", {"f": np.negative, "x": x}


def copy_entry(name: str, backward: bool, x, dy, threads: int) -> Entry:
    import numpy as np

    return "f(y, x)", {"f": np.copyto, "x": x, "y": np.empty(x.shape, x.dtype)}


ENTRIES: dict[str, Callable[..., Entry | None]] = {
    "fastact": fastact_entry,
    "torch": torch_entry,
    "jax": jax_entry,
    "onnxruntime": onnxruntime_entry,
    "openvino": openvino_entry,
    "negative": negative_entry,
    "copy": copy_entry,
}

# Where a peer's spelling is not ours (PyTorch's is, less the underscores).
TORCH_FORWARD = {
    "leaky_relu": ("leaky_relu", "x"),
    "threshold": ("threshold", f"x, {REQUIRED_VALUE}, {REQUIRED_VALUE}"),
    "swish": ("silu", "x"),
    "gelu_tanh": ("gelu", "x, approximate='tanh'"),
}
TORCH_BACKWARD = {
    "relu": ("threshold_backward", "dy, x, 0"),
    "relu6": ("hardtanh_backward", "dy, x, 0, 6"),
    "leaky_relu": ("leaky_relu_backward", "dy, x, 0.01, False"),
    "hard_tanh": ("hardtanh_backward", "dy, x, -1, 1"),
    "hard_sigmoid": ("hardsigmoid_backward", "dy, x"),
    "hard_swish": ("hardswish_backward", "dy, x"),
    "soft_shrink": ("softshrink_backward", "dy, x, 0.5"),
    "hard_shrink": ("hardshrink_backward", "dy, x, 0.5"),
    "threshold": ("threshold_backward", f"dy, x, {REQUIRED_VALUE}"),
    "sigmoid": ("sigmoid_backward", "dy, y"),
    "silu": ("silu_backward", "dy, x"),
    "swish": ("silu_backward", "dy, x"),
    "log_sigmoid": ("log_sigmoid_backward", "dy, x, buffer"),
    "softplus": ("softplus_backward", "dy, x, 1, 20"),
    "mish": ("mish_backward", "dy, x"),
    "elu": ("elu_backward", "dy, 1, 1, 1, False, x"),
    "selu": ("elu_backward", "dy, 1.6732632423543772, 1.0507009873554805, 1, False, x"),
    "celu": ("elu_backward", "dy, 1, 1, 1, False, x"),
    "tanh": ("tanh_backward", "dy, y"),
    "gelu": ("gelu_backward", "dy, x"),
    "gelu_tanh": ("gelu_backward", "dy, x, approximate='tanh'"),
}
JAX_NAMES = {"softsign": "soft_sign", "gelu_tanh": "gelu"}
ONNX_CLIP = "low = Constant<value_float = {:.1f}>() high = Constant<value_float = {:.1f}>() y = Clip(x, low, high)"
ONNX_BODIES = {
    "relu": "y = Relu(x)",
    "relu6": ONNX_CLIP.format(0, 6),
    "leaky_relu": "y = LeakyRelu<alpha = 0.01>(x)",
    "hard_tanh": ONNX_CLIP.format(-1, 1),
    "hard_sigmoid": "y = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x)",
    "hard_swish": "y = HardSwish(x)",
    "soft_shrink": "y = Shrink<lambd = 0.5, bias = 0.5>(x)",
    "hard_shrink": "y = Shrink<lambd = 0.5>(x)",
    "sigmoid": "y = Sigmoid(x)",
    "silu": "s = Sigmoid(x) y = Mul(x, s)",
    "swish": "s = Sigmoid(x) y = Mul(x, s)",
    "log_sigmoid": "n = Neg(x) s = Softplus(n) y = Neg(s)",
    "softplus": "y = Softplus(x)",
    "mish": "y = Mish(x)",
    "elu": "y = Elu(x)",
    "selu": "y = Selu(x)",
    "celu": "y = Celu(x)",
    "tanh": "y = Tanh(x)",
    "tanh_shrink": "t = Tanh(x) y = Sub(x, t)",
    "softsign": "y = Softsign(x)",
    "gelu": "y = Gelu(x)",
    "gelu_tanh": 'y = Gelu<approximate = "tanh">(x)',
}


def make_input(size: int, layout: str, seed: int):
    """`size` values of 3 * N(0, 1) as float32; strided: every other column of a matrix."""
    import numpy as np

    values = 3 * np.random.default_rng(seed).standard_normal(size, dtype=np.float32)
    if layout == "contiguous":
        return values
    columns = next(c for c in range(int(size**0.5), 0, -1) if size % c == 0)
    view = np.zeros((size // columns, 2 * columns), np.float32)[:, ::2]
    view[...] = values.reshape(view.shape)
    return view


def set_threads(contestant: str, count: int) -> None:
    if contestant == "fastact":
        import fastact

        fastact.set_num_threads(count)
    elif contestant == "torch":
        import torch

        torch.set_num_threads(count)


def race(entries: dict[tuple[str, int], Entry], rounds: int, milliseconds: float) -> dict[tuple[str, int], float]:
    """Nanoseconds per call of each (contestant, threads): the minimum over interleaved rounds."""
    timers = {key: timeit.Timer(statement, globals=names) for key, (statement, names) in entries.items()}
    calls, best = {}, dict.fromkeys(timers, float("inf"))
    for key, timer in timers.items():
        set_threads(*key)
        timer.timeit(2)
        number, seconds = 1, 0.0
        while (seconds := timer.timeit(number)) < milliseconds / 2e3:
            number *= 2
        calls[key] = max(1, round(number * milliseconds / 1e3 / seconds))
    for _ in range(rounds):
        for key, timer in timers.items():
            set_threads(*key)
            timer.timeit(1)
            best[key] = min(best[key], timer.timeit(calls[key]) / calls[key] * 1e9)
    return best


def run(arguments: argparse.Namespace) -> Iterator[dict]:
    """One record per function, size, layout and number of threads."""
    import numpy as np

    np.empty(ALLOCATED, np.uint8)  # and freed: from here on glibc keeps blocks of that size, for everyone
    contestants = ("fastact", *arguments.peers, *SCALES)
    for size, layout, name in itertools.product(arguments.sizes, arguments.layouts, arguments.functions):
        x, dy = make_input(size, layout, 0), make_input(size, layout, 1)
        entries = {}
        for contestant, threads in itertools.product(contestants, arguments.threads):
            entry = ENTRIES[contestant](name, arguments.backward, x, dy, threads)
            if entry is not None:
                entries[contestant, threads] = entry
        times = race(entries, arguments.rounds, arguments.milliseconds)
        for threads in arguments.threads:
            nanoseconds = {c: times[c, threads] for c in contestants if (c, threads) in times}
            yield {"function": name, "size": size, "layout": layout, "threads": threads, "nanoseconds": nanoseconds}


def print_tables(records: list[dict], peers: tuple[str, ...]) -> None:
    """Print one table for each size, layout and number of threads; ratios above 1 mean that fastact is faster."""
    alone = {(r["function"], r["size"], r["layout"]): r["nanoseconds"]["fastact"] for r in records if r["threads"] == 1}
    for (size, layout, threads), group in itertools.groupby(
        sorted(records, key=lambda r: (r["size"], r["layout"], r["threads"])),
        key=lambda r: (r["size"], r["layout"], r["threads"]),
    ):
        columns = ("fastact", *peers, *SCALES)
        unit, divisor = ("call", 1) if size < PER_CALL_BELOW else ("element", size)
        print(f"\n{size:,} elements, {layout}, {threads} thread{'s' * (threads > 1)}: nanoseconds per {unit}")
        ratios = ("torch/fa", "best/fa", "fa/negative") + ("1 thread/this",) * (threads > 1)
        print(f"{'':13}" + "".join(f"{c:>12}" for c in columns) + "".join(f"{r:>14}" for r in ratios))
        for record in group:
            times = record["nanoseconds"]
            ours, rivals = times["fastact"], [times[p] for p in peers if p in times]
            values = [
                times["torch"] / ours if "torch" in times else None,
                min(rivals) / ours if rivals else None,
                ours / times["negative"],
            ]
            if threads > 1 and (key := (record["function"], size, layout)) in alone:
                values.append(alone[key] / ours)
            cells = [f"{times[c] / divisor:12.4g}" if c in times else f"{'':12}" for c in columns]
            cells += [f"{v:14.2f}" if v is not None else f"{'':14}" for v in values]
            print(f"{record['function']:13}" + "".join(cells).rstrip())


def parse(available: list[str], functions: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[262_144], metavar="N", help="elements")
    parser.add_argument("--functions", nargs="+", default=functions, choices=functions, metavar="NAME")
    parser.add_argument("--peers", nargs="*", default=available, choices=available)
    parser.add_argument("--backward", action="store_true", help="race backward(dy, x) instead of forward")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--layouts", nargs="+", default=["contiguous"], choices=LAYOUTS)
    parser.add_argument("--rounds", type=int, default=15, help="the minimum over these counts (15)")
    parser.add_argument("--milliseconds", type=float, default=4.0, help="length of a contestant's part of a round (4)")
    parser.add_argument("--json", metavar="FILE", help="write the records there as well")
    return parser.parse_args()


def main() -> None:
    import fastact
    from fastact._ufuncs import isa, table

    available = [peer for peer in PEERS if importlib.util.find_spec(peer)]
    arguments = parse(available, list(table))
    # XLA takes no number of threads at run time: hold it, and everyone, to as many processors as threads are raced.
    processors = sorted(os.sched_getaffinity(0))[: max(arguments.threads)]
    os.sched_setaffinity(0, processors)
    if max(arguments.threads) == 1:
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
    inference = nullcontext()
    if "torch" in arguments.peers:
        import torch

        inference = torch.inference_mode()
    versions = ", ".join(f"{p} {version(p)}" for p in ("numpy", *arguments.peers))
    what = "backward" if arguments.backward else "forward"
    print(f"float32 {what}; fastact {fastact.__version__} on {isa()}; Python {platform.python_version()}, {versions}")
    with inference:
        records = list(run(arguments))
    print_tables(records, tuple(arguments.peers))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(records, file, indent=1)


if __name__ == "__main__":
    main()
