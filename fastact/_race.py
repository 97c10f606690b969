"""The race itself: a process with a fixed number of threads, started by `python -m fastact bench`.

It reads a job as JSON from standard input, and writes the times of one heat after another as lines of JSON.
"""

import gc
import json
import os
import random
import sys
import time
import timeit
from statistics import median
from typing import Any

import numpy as np

from . import _peers, _runtime, _ufuncs
from ._peers import Entry, Heat, Operands

STATISTICS = {"minimum": min, "median": median}
ALIGNMENT = 64  # bytes: what every library finds good
PAUSE = 0.005  # seconds, in which the threads of the contestant before stop to spin
WARM_UP = 0.25  # of a part of a round: calls that are not timed
CHECKED = 1 << 16  # elements
TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}  # some peers are not exact to float32


def aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    count, itemsize = int(np.prod(shape)), np.dtype(dtype).itemsize
    memory = np.zeros(count * itemsize + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count * itemsize].view(dtype).reshape(shape)


def zeros(heat: Heat) -> np.ndarray:
    """Memory for an operand; strided: every other column of a matrix."""
    if heat.layout == "contiguous":
        return aligned(heat.shape, heat.dtype)
    *rows, columns = heat.shape if len(heat.shape) > 1 else nearly_square(int(np.prod(heat.shape)))
    return aligned((*rows, 2 * columns), heat.dtype)[..., ::2]


def normal(heat: Heat, seed: int) -> np.ndarray:
    """3 * N(0, 1)."""
    values = 3 * np.random.default_rng(seed).standard_normal(heat.shape, dtype=heat.dtype)
    result = zeros(heat)
    result[...] = values.reshape(result.shape)
    return result


def nearly_square(size: int) -> tuple[int, int]:
    columns = next(c for c in range(int(size**0.5), 0, -1) if size % c == 0)
    return size // columns, columns


def result_of(entry: Entry) -> np.ndarray:
    names = dict(entry.names)
    exec(f"value = {entry.statement}", names)
    return entry.array(names["value"])


def check(contestant: str, entry: Entry, expected: np.ndarray, heat: Heat) -> None:
    """Raise unless a contestant does the work of the heat."""
    got, want = (array.ravel()[:CHECKED] for array in (result_of(entry), expected))
    if got.dtype != want.dtype or not np.allclose(got, want, **TOLERANCE):
        raise ArithmeticError(f"{contestant} has another result for {heat}")


def entries_for(heat: Heat, contestants: list[str]) -> dict[str, Entry]:
    x = normal(heat, 0)
    result = _ufuncs.get(heat.function)(x, *heat.parameters.values(), out=zeros(heat))
    operands = Operands(x, normal(heat, 1), aligned(x.shape, heat.dtype), result)
    made = {contestant: _peers.ENTRIES[contestant](heat, operands) for contestant in contestants}
    entries = {contestant: entry for contestant, entry in made.items() if entry is not None}
    expected = result_of(entries["fastact"]).copy()
    for contestant, entry in entries.items():
        if contestant not in _peers.SCALES:
            check(contestant, entry, expected, heat)
    return entries


def nanoseconds(entries: dict[str, Entry], rounds: int, milliseconds: float, statistic: str) -> dict[str, float]:
    """Time per call of each contestant. In every round each has its part, in an order that changes."""
    timers = {name: timeit.Timer(entry.statement, globals=entry.names) for name, entry in entries.items()}
    calls = {name: calls_in(timer, milliseconds / 1e3) for name, timer in timers.items()}
    found: dict[str, list[float]] = {name: [] for name in timers}
    order, shuffled = list(timers), random.Random(0)
    for _ in range(rounds):
        shuffled.shuffle(order)
        for name in order:
            if _ufuncs.get_num_threads() > 1:
                time.sleep(PAUSE)
            timers[name].timeit(max(1, round(WARM_UP * calls[name])))
            found[name].append(timers[name].timeit(calls[name]) / calls[name] * 1e9)
    return {name: STATISTICS[statistic](times) for name, times in found.items()}


def calls_in(timer: timeit.Timer, seconds: float) -> int:
    """As many calls as take so long, at least one."""
    timer.timeit(1)
    number = 1
    while (taken := timer.timeit(number)) < seconds / 2:
        number *= 2
    return max(1, round(number * seconds / taken))


def hold_to(threads: int) -> None:
    """Take no more processors than threads: XLA can be told in no other way. Threads that start later inherit it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    _ufuncs.set_num_threads(threads)


def run(job: dict[str, Any], send) -> None:
    hold_to(job["threads"])
    gc.disable()
    _runtime._keep_freed_memory()
    contestants = _peers.contestants(job["peers"])
    with _peers.prepare(job["peers"]):
        for heat in (Heat(*values) for values in job["heats"]):
            entries = entries_for(heat, contestants)
            times = nanoseconds(entries, job["rounds"], job["milliseconds"], job["statistic"])
            send({**heat._asdict(), "threads": job["threads"], "nanoseconds": times})


def main() -> None:
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1) as results:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a peer prints is no result
        try:
            run(json.load(sys.stdin), lambda record: print(json.dumps(record), file=results))
        except MemoryError:
            raise SystemExit("there is not enough memory for arrays of that size") from None


if __name__ == "__main__":
    main()
