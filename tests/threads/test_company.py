"""Threads beside others: those of BLAS, of other OpenMP runtimes, of other processes. No call is kept waiting by them.

Times are medians, taken in turns with those of the same call on one thread. The bounds leave room for a machine that
does other things meanwhile, and are far below a time slice, which is what waiting for a thread costs.
"""

import ctypes
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from calls import run_python
from conftest import on_threads, repetitions

import fastact as fa
from fastact import _ufuncs

LIBRARY = Path(fa.get_library_dir(), "libfastact.so")
pytestmark = [
    pytest.mark.skipif(
        not _ufuncs.has_openmp() or not LIBRARY.exists(), reason="this build has no threads, or no library"
    ),
    pytest.mark.skipif(len(getattr(os, "sched_getaffinity", lambda _: [])(0)) < 2, reason="needs two processors"),
]

# Medians in microseconds of a call on one thread and on two, and of what comes next, after each and without a call.
BETWEEN = """
import statistics, time
import numpy as np
{prepare}
import fastact as fa

def medians(n, rounds={rounds}):
    x = np.linspace(-5, 5, n, dtype=np.float32)
    y, taken = np.empty_like(x), {{name: [] for name in ("one", "two", "after one", "after two", "after none")}}
    for _ in range(rounds):
        for threads, name in ((1, "one"), (2, "two"), (0, "none")):
            fa.set_num_threads(max(threads, 1))
            between()
            begin = time.perf_counter()
            if threads:
                fa.silu(x, out=y)
            middle = time.perf_counter()
            between()
            taken["after " + name].append(1e6 * (time.perf_counter() - middle))
            if threads:
                taken[name].append(1e6 * (middle - begin))
    return [statistics.median(times) for times in taken.values()]

for n in (1 << 17, 1 << 20):
    print(*medians(n))
"""
MATMUL = """
a = np.random.default_rng(0).standard_normal((512, 512), dtype=np.float32)
product = np.empty_like(a)
def between():
    np.matmul(a, a, out=product)
"""
OTHERS = {
    "BLAS": MATMUL,
    "torch": """
import torch
a = torch.ones(1 << 20)
def between():
    torch.nn.functional.silu(a)
""",
    "sklearn": """
from sklearn.cluster import KMeans
data = np.random.default_rng(1).normal(size=(2000, 8))
def between():
    KMeans(8, n_init=1, max_iter=2).fit(data)
""",
    "torch, and BLAS": "import torch\ntorch.nn.functional.silu(torch.ones(1 << 20))\n" + MATMUL,
}
TRIES = 12  # of a measurement, since the machine may do other things


def between(prepare):
    return BETWEEN.format(prepare=prepare, rounds=repetitions(15, 40))


def within_bounds(one, two, after_one, after_two, after_none):
    return two <= 1.5 * one + 60 and after_two <= 1.25 * max(after_one, after_none) + 100


@pytest.mark.parametrize("policy", ["", "active"])
@pytest.mark.parametrize("name", OTHERS)
def test_after_threads_of_others(name, policy):
    module = name.partition(",")[0]
    if module != "BLAS":
        pytest.importorskip(module, reason=f"{module} is not installed")
    found = []
    for _ in range(TRIES):
        run = run_python(between(OTHERS[name]), OMP_WAIT_POLICY=policy)
        found.append([[float(word) for word in line.split()] for line in run.stdout.splitlines()])
        assert len(found[-1]) == 2, run.stderr
        if all(within_bounds(*medians) for medians in found[-1]):
            return
    pytest.fail(f"one, two, after one, after two, after none, us: {found}")


BUSY = """
def between():
    pass
from fastact._cli._between import busy_processors
busy = busy_processors()
busy.__enter__()  # to the end of this process, with which the others end
"""


def test_beside_busy_processes():
    found = []
    for _ in range(TRIES):
        run = run_python(between(BUSY))
        found.append([[float(word) for word in line.split()] for line in run.stdout.splitlines()])
        assert len(found[-1]) == 2, run.stderr
        if all(two <= 1.5 * one + 60 for one, two, *_ in found[-1]):
            return
    pytest.fail(f"one, two, ..., us: {found}")


def test_helpers_sleep_when_there_is_nothing_to_do():
    program = """
import time
import numpy as np
import fastact as fa
fa.set_num_threads(2)
x = np.linspace(-5, 5, 1 << 20, dtype=np.float32)
for _ in range(20):
    fa.gelu(x, out=x)
begin = time.process_time()
time.sleep(0.5)
print(time.process_time() - begin < 0.05)
"""
    assert run_python(program).stdout == "True\n"


def on_a_thread_each(parts, action):
    """Call an action on as many threads at the same time; return what it returned."""
    library = ctypes.CDLL(str(LIBRARY))
    body_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
    together, found = threading.Barrier(parts), []

    @body_type
    def body(_context, _part):
        found.append(action())
        together.wait(timeout=30)

    with on_threads(parts):
        library.fa_parallel(parts, body, None)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the processor")
def test_helpers_run_on_another_processor_than_the_caller():
    processor = ctypes.CDLL(None).sched_getcpu
    found = [on_a_thread_each(2, processor) for _ in range(20)]
    assert sum(len(set(processors)) == 2 for processors in found) > 5


def test_calls_inside_a_part_stay_on_its_thread():
    """Also those of a helper, which may not wait for the helpers."""
    x = np.linspace(-5, 5, 1 << 20, dtype=np.float32)
    expected = fa.gelu(x).tobytes()
    assert on_a_thread_each(2, lambda: fa.gelu(x).tobytes() == expected) == [True, True]


@pytest.mark.skipif(sys.platform != "linux", reason="affinity is Linux's")
@pytest.mark.parametrize("variable", ["OMP_PROC_BIND=true", "OMP_PLACES=cores", "GOMP_CPU_AFFINITY=0-63"])
def test_default_is_what_the_process_may_use_where_openmp_binds_threads(variable):
    program = (
        "import os; before = len(os.sched_getaffinity(0)); import fastact; print(before, fastact.get_num_threads())"
    )
    name, value = variable.split("=")
    before, count = run_python(program, **{name: value}).stdout.split()
    free = int(run_python("import fastact; print(fastact.get_num_threads())").stdout)
    assert int(count) == min(free, int(before)) > 1


THREADPOOLCTL = """
import fastact as fa
import threadpoolctl
{set}
print(fa.get_num_threads())
with threadpoolctl.threadpool_limits(1):
    print(fa.get_num_threads())
print(fa.get_num_threads())
"""


@pytest.mark.parametrize("own", ["FASTACT_NUM_THREADS", "set_num_threads"])
def test_limit_of_threadpoolctl_counts_below_a_number_of_our_own(own):
    pytest.importorskip("threadpoolctl", reason="threadpoolctl is not installed")
    variables = {"OMP_NUM_THREADS": "1"} | ({own: "2"} if own.startswith("FASTACT") else {})
    program = THREADPOOLCTL.format(set="" if own.startswith("FASTACT") else "fa.set_num_threads(2)")
    assert run_python(program, **variables).stdout == "2\n1\n2\n"
