"""The race itself: a process with a number of threads and an instruction set, started by `python -m fastact bench`.

It reads a job as JSON from standard input, and writes the times of one case after another as lines of JSON.
"""

import gc
import json
import os
import random
import sys
import time
import timeit
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Any

import numpy as np

from fastact import _runtime, _ufuncs

from . import _peers
from ._between import NOTHING, call_by_call
from ._operands import operands_for
from ._peers import BenchCase, Entry, results_of

STATISTICS: dict[str, Callable[..., float]] = {"minimum": min, "median": median, "mean": fmean}
PAUSE = 0.005  # seconds, in which the threads of the implementation before stop spinning
WARM_UP = 0.25  # of a part of a round: calls that are not timed
CHECKED = 1 << 16  # elements
RELATIVE, ABSOLUTE = 1e-3, 1e-4  # tolerances: some peers are not exact to float32


def check(implementation: str, entry: Entry, expected: Sequence[np.ndarray], case: BenchCase) -> None:
    """Raise unless an implementation does the work of a case; the error of a sum grows with the root of its length."""
    results = results_of(entry)
    same = len(results) == len(expected)
    for got, want in zip(results, expected, strict=same):
        terms = max(1, int(np.prod(case.shape)) // max(1, want.size))
        tolerance = {"rtol": RELATIVE, "atol": ABSOLUTE * terms**0.5}
        got, want = got.ravel()[:CHECKED], want.ravel()[:CHECKED]
        same &= got.dtype == want.dtype and got.shape == want.shape and np.allclose(got, want, **tolerance)
    if not same:
        raise ArithmeticError(f"{implementation} has another result for {case}")


def entries_for(case: BenchCase, implementations: list[str]) -> dict[str, Entry]:
    operands = operands_for(case)
    made = {implementation: _peers.ENTRIES[implementation](case, operands) for implementation in implementations}
    entries = {implementation: entry for implementation, entry in made.items() if entry is not None}
    expected = [result.copy() for result in results_of(entries["fastact"])]
    for implementation, entry in entries.items():
        if implementation not in _peers.SCALES:
            check(implementation, entry, expected, case)
    return entries


def nanoseconds(
    entries: dict[str, Entry], rounds: int, milliseconds: float, statistic: Callable[[list[float]], float]
) -> dict[str, float]:
    """Time per call of each implementation. In every round each has its part, in an order that changes."""
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
    return {name: statistic(times) for name, times in found.items()}


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
    between, in_program = job["between"], job["between"] != NOTHING
    if not in_program:
        hold_to(job["threads"])
    gc.disable()
    _runtime._keep_freed_memory()
    implementations, length = _peers.implementations(job["peers"]), (job["rounds"], job["milliseconds"])
    statistic = STATISTICS[job["statistic"]]
    series = {key: job[key] for key in ("threads", "between", "isa")}
    with _peers.prepare(job["peers"], None if in_program else job["threads"]):
        for case in (BenchCase(*values) for values in job["cases"]):
            entries = entries_for(case, implementations)
            if in_program:
                times = call_by_call(entries, between, *length, statistic)
            else:
                times = {"nanoseconds": nanoseconds(entries, *length, statistic)}
            send(case._asdict() | series | times)


def main() -> None:
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1) as results:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a peer prints is no result
        try:
            run(json.load(sys.stdin), lambda record: print(json.dumps(record), file=results))
        except MemoryError:
            raise SystemExit("there is not enough memory for arrays of that size") from None


if __name__ == "__main__":
    main()
