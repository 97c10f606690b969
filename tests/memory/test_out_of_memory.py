"""Memory that is not to be had: a MemoryError, nothing is lost, and the next call works."""

import re
import sys

import pytest
from calls import run_python
from test_c_interface import INCLUDE, LIBRARY, TESTS, build, openmp_runtime, run, tool

# Results of 32 MiB each, under limits that leave room for none, one or two of them; inputs need none.
PROGRAM = """
import mmap, resource, sys
import numpy as np
import fastact as fa
from fastact import views

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * mmap.PAGESIZE

def attempt(call):
    try:
        call()
    except MemoryError:
        return True
    return False

n = 1 << 23
one = np.float32(1)
x, rows, many = np.broadcast_to(one, n), np.broadcast_to(one, (2, n // 2)), np.broadcast_to(one, (n // 8, 8))
given, slopes = np.zeros(n, np.float32), np.linspace(0, 1, 8, dtype=np.float32)
small = np.linspace(-3, 3, 24, dtype=np.float32).reshape(3, 8)
WAYS = {
    "ufunc": lambda: fa.silu(x),
    "two outputs": lambda: fa.silu.value_and_grad(x),
    "backward": lambda: fa.silu.backward(x, x),
    "rows": lambda: fa.silu(rows),
    "rows, two outputs": lambda: fa.silu.value_and_grad(rows),
    "cast": lambda: fa.silu(np.broadcast_to(np.int8(1), n)),
    "parameter that is an array": lambda: fa.swish(x, x),
    "numpy's path": lambda: fa.silu(x, where=x[:1] > 0, out=None),
    "half precision and a parameter": lambda: fa.swish(np.broadcast_to(np.float16(1), 2 * n), np.float16(1)),
    "gated": lambda: fa.swiglu(x, x),
    "gated halves": lambda: fa.swiglu(many),
    "gated halves, backward": lambda: fa.swiglu.backward(many[:, :4], many),
    "softmax": lambda: fa.softmax(many),
    "softmax of columns": lambda: fa.softmax(many, axis=0),
    "softmax backward": lambda: fa.softmax.backward(many, many),
    "log_softmax": lambda: fa.log_softmax(rows, axis=None),
    "softmin": lambda: fa.softmin(many),
    "logsumexp": lambda: fa.logsumexp(many, axis=0),
    "prelu": lambda: fa.prelu(many, slopes),
    "prelu backward": lambda: fa.prelu.backward(many, many, slopes),
    "bias_act": lambda: fa.bias_act(many, slopes),
    "bias_act backward": lambda: fa.bias_act.backward(many, many, slopes),
    "backward_params": lambda: fa.swish.backward_params(many, many),
    "backward_params of an array": lambda: fa.swish.backward_params(many, many, many),
    "views of what has to be made": lambda: views.silu(Lazy(), given),
}

class Lazy:
    def __array__(self, dtype=None, copy=None):
        return np.ones(n, np.float32)

def check(ways):
    for name, way in ways.items():
        before, blocks = used(), sys.getallocatedblocks()
        outcomes = []
        for room in (8 << 20, 40 << 20, 72 << 20):
            resource.setrlimit(resource.RLIMIT_AS, (used() + room, resource.RLIM_INFINITY))
            outcomes.append(attempt(way))
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
            assert fa.silu(small).shape == fa.softmax(small).shape == fa.prelu(small, 0.5).shape
        assert outcomes[0], f"{name}: no MemoryError"
        assert used() - before < 4 << 20, f"{name}: {used() - before} bytes are lost"
        assert sys.getallocatedblocks() - blocks < 100, f"{name}: {sys.getallocatedblocks() - blocks} blocks are lost"

for way in WAYS.values():
    attempt(way)  # the threads are there, and what Python and NumPy keep
check(WAYS)
print("passed")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is known to hold a process to RLIMIT_AS")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_no_room_for_a_result(threads):
    given_back = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "FASTACT_POOL_LIMIT": "0"}
    process = run_python(PROGRAM, FASTACT_NUM_THREADS=threads, **given_back)
    assert (process.stdout, process.stderr) == ("passed\n", "")


@pytest.mark.compiles
@pytest.mark.skipif(sys.platform != "linux", reason="--wrap is an option of GNU linkers")
def test_every_allocation_of_the_core_may_fail(tmp_path):
    archive = LIBRARY / "libfastact.a"
    source = TESTS / "c" / "test_allocation.c"
    wrap = [f"-Wl,--wrap={name}" for name in sorted(set(re.findall(r"__wrap_(\w+)", source.read_text())))]
    flags = ["-std=gnu11", "-O1", f"-I{INCLUDE}", archive, *openmp_runtime(archive), "-lm", "-pthread", *wrap]
    assert run(build(tool("cc"), [source], flags, tmp_path)) == "passed\n"
