"""Ctrl-C during a long call: the exception of the signal's handler comes soon, and nothing is lost or left behind.

For the commands that run long see test_command_line.py, test_accuracy_command.py and test_bench_command.py.
"""

import sys

import pytest
from calls import run_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and sets a timer that signals")

# What is interrupted has 2^29 elements, and of its output, 1 GiB, only what is computed gets memory. An output that is
# left behind would add its 1 GiB to the size; a thread that allocates for the first time adds 64 or 128 MiB to it.
PROGRAM = """
import mmap, signal
import numpy as np
import fastact as fa

n = 1 << 29

def size():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * mmap.PAGESIZE

def peak():
    with open("/proc/self/status") as file:
        return int(file.read().partition("VmHWM:")[2].split()[0])

def interrupted(call):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        call()
    except KeyboardInterrupt:
        return True
    return False

def out():
    return np.frombuffer(mmap.mmap(-1, n * 2), np.float16)

signal.signal(signal.SIGALRM, signal.default_int_handler)
half = np.broadcast_to(np.float16(1), n)
given = out()
rows = np.broadcast_to(np.float16(1), (2, n // 2))
fa.gelu(half[: 1 << 20]), fa.gelu(rows[:, : 1 << 20])  # the threads are there
before = size()
"""
WAYS = {
    "direct": "fa.gelu(half, out=given)",
    "new": "fa.gelu(half)",
    "two outputs": "fa.gelu.value_and_grad(half)",
    "rows": "fa.gelu(rows)",
}


TRIES = 3  # the thread that looks for signals waits for a processor where others have it


# On one thread the iteration over rows is NumPy's, which looks for signals at the end of a call. Hence calls wait for
# their second thread here: on a busy machine they would do without it.
@pytest.mark.parametrize(("way", "threads"), [*((way, "2") for way in WAYS), ("direct", "1"), ("new", "1")])
def test_long_calls_are_interrupted(way, threads):
    program = f"""{PROGRAM}
print([interrupted(lambda: {WAYS[way]}) for _ in range(2)], given[-1] == 0, size() - before < 1 << 28)
print(peak() < 3 << 18)  # KiB
print(fa.gelu(half[:3]).tolist() == fa.gelu(np.ones(3, np.float16)).tolist())
"""
    for _ in range(TRIES):
        run = run_python(program, FASTACT_NUM_THREADS=threads, FASTACT_WAIT_FOR_THREADS="1")
        ended, soon, right = run.stdout.splitlines()
        assert (ended, right, run.stderr) == ("[True, True] True True", "True", "")
        if soon == "True":
            return
    pytest.fail(f"more than three quarters were computed before the exception came, {TRIES} times")


def test_all_pieces_of_a_long_call_are_computed():
    program = """
import numpy as np
import fastact as fa
few = np.arange(-100, 100, dtype=np.float16)
x = np.resize(few, (1 << 26) + 3)
print(np.array_equal(fa.gelu(x), np.resize(fa.gelu(few), x.size)))
row = x[: x.size // 2]
print(all(np.array_equal(got, fa.gelu(row)) for got in fa.gelu(np.broadcast_to(row, (2, row.size)))))
"""
    run = run_python(program, FASTACT_NUM_THREADS="2", FASTACT_POOL_LIMIT="0")
    assert (run.stdout, run.stderr) == ("True\nTrue\n", "")
