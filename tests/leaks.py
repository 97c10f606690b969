"""Calls of every kind, many times: resident memory and the number of Python's blocks stay as they are.

python tests/leaks.py 1000000

prints for each kind how much both grew, and ends with status 1 if anything did in every round. Large arrays and files
take a thousandth of the calls.
"""

import argparse
import ctypes
import gc
import mmap
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

import fastact as fa
from fastact import views
from fastact._cli import _apply

# What may come and go by itself: a page here and there, and what Python keeps for later use.
MOST_BYTES, MOST_BLOCKS = 512 << 10, 100
M_MMAP_THRESHOLD = -3  # in malloc.h
FEWER = 1000  # calls of other kinds for one with large arrays or files
ROUNDS = 4  # caches and free lists (of NumPy's masked arrays, say) may fill in one; what leaks grows in each

x = np.linspace(-3, 3, 24, dtype=np.float32)
double, half, integers = x.astype(np.float64), x.astype(np.float16), x.astype(np.int8)
rows, columns = x.reshape(3, 8), x.reshape(8, 3).T
out, out_grad, swapped, where = np.empty_like(x), np.empty_like(x), x.astype(">f4"), x > 0
slopes, wide = np.linspace(0, 1, 8, dtype=np.float32), np.tile(x, 2)
read_only = x.copy()
read_only.flags.writeable = False
numbers = x.tolist()
masked = np.ma.masked_array(x, where)


class Broken:
    def __array__(self, dtype=None, copy=None):
        raise KeyError("broken")

    def __float__(self):
        raise KeyError("broken")


broken = Broken()

CALLS = {
    "direct": lambda: fa.silu(x),
    "direct, out=": lambda: fa.silu(x, out=out),
    "direct, parameter by name": lambda: fa.swish(x, beta=1.5),
    "direct, grad": lambda: fa.silu.grad(x),
    "direct, grad by a parameter": lambda: fa.swish.grad_beta(x),
    "direct, backward": lambda: fa.silu.backward(x, x),
    "direct, value_and_grad": lambda: fa.silu.value_and_grad(x, out=(out, None)),
    "direct, float16": lambda: fa.silu(half),
    "NumPy, strided rows": lambda: fa.silu(rows[:, ::2]),
    "NumPy, byte-swapped": lambda: fa.silu(swapped),
    "NumPy, cast": lambda: fa.silu(integers),
    "NumPy, list": lambda: fa.silu(numbers),
    "NumPy, number": lambda: fa.silu(0.5),
    "NumPy, where=, dtype=": lambda: fa.silu(x, where=where, dtype=np.float64, out=double),
    "NumPy, parameter that is an array": lambda: fa.swish(x, beta=x),
    "NumPy, mixed types": lambda: fa.silu.backward(x, double),
    "NumPy, subclass": lambda: fa.silu(masked),
    "NumPy, at": lambda: fa.relu.at(out, [1, 2]),
    "gated": lambda: fa.swiglu(x, x),
    "gated, backward": lambda: fa.swiglu.backward(x, x, x),
    "gated, halves": lambda: fa.swiglu(wide),
    "gated, halves, backward": lambda: fa.swiglu.backward(x, wide),
    "softmax": lambda: fa.softmax(rows),
    "softmax, another layout": lambda: fa.softmax(columns, axis=0, out=rows.reshape(3, 8)),
    "softmax, backward": lambda: fa.softmax.backward(rows, rows),
    "log_softmax, float16": lambda: fa.log_softmax(half),
    "softmin": lambda: fa.softmin(x),
    "logsumexp": lambda: fa.logsumexp(columns, axis=1, keepdims=True),
    "prelu": lambda: fa.prelu(rows, slopes),
    "prelu, backward": lambda: fa.prelu.backward(rows, rows, slopes),
    "bias_act": lambda: fa.bias_act(rows, slopes),
    "bias_act, backward": lambda: fa.bias_act.backward(rows, rows, slopes, "swish", beta=0.5),
    "backward_params": lambda: fa.swish.backward_params(rows, rows, slopes),
    "views": lambda: views.silu(x, out),
    "views, backward": lambda: views.swish_backward(x, x, out, beta=0.5),
    "views, value_and_grad": lambda: views.silu_value_and_grad(memoryview(x), out, out_grad),
    "settings": lambda: (fa.set_num_threads(fa.get_num_threads()), fa.set_pool_limit(fa.get_pool_limit())),
}
FAILURES = {
    "two values for a parameter": lambda: fa.swish(x, 1, beta=1),
    "no such keyword": lambda: fa.silu(x, zeta=1),
    "no argument": lambda: fa.silu(),
    "read-only out": lambda: fa.silu(x, out=read_only),
    "shapes": lambda: fa.silu.backward(x, x[:5]),
    "types": lambda: fa.silu("text"),
    "cast of out": lambda: fa.silu(x, out=integers),
    "broken array": lambda: fa.silu(broken),
    "broken parameter": lambda: fa.swish(x, beta=broken),
    "odd half": lambda: fa.swiglu(x[:5]),
    "softmax, axis": lambda: fa.softmax(rows, axis=7),
    "softmax, out": lambda: fa.softmax(rows, out=out),
    "prelu, weight": lambda: fa.prelu(rows, x),
    "bias_act, name": lambda: fa.bias_act(rows, slopes, "sillu"),
    "views, length": lambda: views.silu(x, out[:5]),
    "views, type": lambda: views.silu(x, double),
    "views, overlap": lambda: views.silu(out[1:], out[:-1]),
    "views, broken": lambda: views.silu(broken, out),
    "no threads": lambda: fa.set_num_threads(0),
}


def quietly(call):
    def attempt():
        with suppress(ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            call()
            raise AssertionError("no exception")

    return attempt


def slow_calls(folder):
    """Calls with large arrays and files."""
    large = np.ones((1024, 1025), np.float32)
    source, bad, target = folder / "in.npy", folder / "bad.npy", folder / "out.npy"
    np.save(source, x)
    bad.write_bytes(source.read_bytes()[:-1])

    def refused():
        with suppress(_apply.BadInput):
            _apply.apply_file(fa.silu, bad, target, {})

    return {
        "large": lambda: fa.silu.value_and_grad(large),
        "large, rows on threads": lambda: fa.gelu(large[:, 1:]),
        "large, backwards over itself": lambda: fa.gelu(large[:, 1:], out=large[:, :-1]),
        "large, softmax": lambda: fa.softmax(large, axis=0),
        "large, prelu.backward": lambda: fa.prelu.backward(large, large, large[0]),
        "apply": lambda: _apply.apply_file(fa.silu, source, target, {}),
        "apply, refused": refused,
    }


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * mmap.PAGESIZE


def growth(call, count):
    """Return bytes of resident memory and Python's blocks that `count` calls add, after a tenth as many before."""

    def state():
        gc.collect()
        return resident(), sys.getallocatedblocks()

    for _ in range(count // 10 + 1):
        call()
    before = state()
    for _ in range(count):
        call()
    return tuple(after - first for after, first in zip(state(), before, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("calls", type=int)
    count = parser.parse_args().calls
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # memory of large arrays goes back as it is freed, not to a heap that may grow
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 16)
    failed = False
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kinds = [(name, call, count) for name, call in CALLS.items()]
        kinds += [(f"exception: {name}", quietly(call), count) for name, call in FAILURES.items()]
        kinds += [(name, call, count // FEWER + 1) for name, call in slow_calls(Path(folder)).items()]
        for name, call, times in kinds:
            for _ in range(ROUNDS):
                more, blocks = growth(call, times)
                grew = more > MOST_BYTES or blocks > MOST_BLOCKS
                if not grew:
                    break
            failed |= grew
            print(f"{name:<40}{times:>9} calls {more:>9} bytes {blocks:>6} blocks{'  GREW' * grew}", flush=True)
    print(f"{len(kinds)} kinds in {time.monotonic() - began:.0f} s, {resident() >> 20} MiB resident in the end")
    sys.exit(failed)


if __name__ == "__main__":
    main()
