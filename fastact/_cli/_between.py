"""The race in a program: calls that are timed one by one, each right after other work, without a pause."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from statistics import median

import numpy as np

from ._peers import Entry

SIDE = 512  # of the matrices of a product: 268 million operations, on all processors
EXPONENTIALS = 1 << 19  # a quarter of a millisecond's work on one thread
PAUSE = 0.25  # seconds, in which all threads of the implementation before stop spinning: libomp's do so for 0.2
# A process that is busy as long as its parent is there, however that ends.
BUSY = """
import os, sys
os.write(1, b"!")
while os.getppid() == int(sys.argv[1]):
    for _ in range(100_000):
        pass
"""

Work = Callable[[], object]


@contextmanager
def matmul() -> Iterator[Work]:
    """Multiply matrices by NumPy, whose BLAS has threads that spin for a while afterwards."""
    a, b = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype=np.float32)
    yield partial(np.matmul, a, b, np.empty_like(a))


@contextmanager
def torch() -> Iterator[Work]:
    """Multiply matrices on the threads of PyTorch."""
    import torch

    a, b = map(torch.from_numpy, np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype=np.float32))
    yield partial(torch.mm, a, b, out=torch.empty_like(a))


@contextmanager
def busy_processors() -> Iterator[None]:
    """Keep all processors busy with other processes."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    command = [sys.executable, "-I", "-S", "-c", BUSY, str(os.getpid())]
    processes: list[subprocess.Popen] = []
    try:
        for _ in range(processors):
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True))
        for process in processes:
            assert process.stdout is not None
            process.stdout.read(1)  # it has begun
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.communicate()


@contextmanager
def busy() -> Iterator[Work]:
    """Take exponentials on one thread, beside busy processes."""
    x = np.linspace(-1, 1, EXPONENTIALS, dtype=np.float32)
    with busy_processors():
        yield partial(np.exp, x, np.empty_like(x))


NOTHING = "nothing"
BETWEEN: dict[str, Callable[[], AbstractContextManager[Work]]] = {"matmul": matmul, "torch": torch, "busy": busy}
TITLES = {"matmul": "after a product by NumPy", "torch": "after a product by PyTorch", "busy": "beside busy processes"}


def call_by_call(
    entries: dict[str, Entry],
    between: str,
    rounds: int,
    milliseconds: float,
    statistic: Callable[[list[int]], float],
) -> dict[str, dict[str, float]]:
    """Time every call by itself. In every round each implementation has its turn, in an order that changes.

    Returns
    -------
    dict
        "nanoseconds" of a call for each implementation; "after": the median time of the work that follows a call, over
        that of the same work without a call, which has turns of its own.
    """
    calls: dict[str | None, Entry] = {None: Entry("None", {})}
    calls.update(entries.items())
    functions = {name: compiled(entry) for name, entry in calls.items()}
    times: dict[str | None, list[int]] = {name: [] for name in calls}
    after: dict[str | None, list[int]] = {name: [] for name in calls}
    order, shuffled = list(calls), random.Random(0)
    with BETWEEN[between]() as work:
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                time.sleep(PAUSE)
                for called, followed in turn(functions[name], work, milliseconds):
                    times[name].append(called)
                    after[name].append(followed)
    alone = median(after[None])
    return {
        "nanoseconds": {name: statistic(times[name]) for name in entries},
        "after": {name: median(after[name]) / alone for name in entries},
    }


def compiled(entry: Entry) -> Work:
    made: dict[str, Work] = {}
    exec(f"def call():\n    {entry.statement}", dict(entry.names), made)
    return made["call"]


def turn(call: Work, work: Work, milliseconds: float) -> Iterator[tuple[int, int]]:
    """Time a call after work, and the work after the call, without a pause: again and again, but for the first time."""
    clock = time.perf_counter_ns
    end, counts = clock() + milliseconds * 1e6, False
    while True:
        work()
        began = clock()
        call()
        called = clock()
        work()
        ended = clock()
        if counts:
            yield called - began, ended - called
            if ended > end:
                return
        counts = True
