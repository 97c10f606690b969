"""A process with some libraries' variants of one program, started by `python bench/pipelines.py`.

It reads a job and then names of variants from standard input, and answers each with the times of one turn.
"""

import ctypes
import os
import pickle
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from . import PROGRAMS

WHOLE = "program"  # what is timed of most programs; of a product and a call after it, each
PRODUCT, CALL = "product", "call"
SECONDS = 0.1  # of a turn
WARM_UP = 0.02  # seconds of calls that are not timed: from here on caches and threads are as this program leaves them

PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>


def whole_turn(run: Callable[[], Any]) -> dict[str, float]:
    """Mean time of a program that runs again and again; one that takes longer than a turn runs once."""
    began = perf_counter()
    run()
    once = perf_counter() - began
    if once < SECONDS:
        while perf_counter() < began + WARM_UP:
            run()
        count = round(SECONDS / once)
        began = perf_counter()
        for _ in range(count):
            run()
        once = (perf_counter() - began) / count
    return {WHOLE: once}


def turn_between(product: Callable[[], Any], call: Callable[[], Any] | None) -> dict[str, float]:
    """Median times of a matrix product and of what is called between two of them."""
    products, calls = [], []
    warm = perf_counter() + WARM_UP
    while (began := perf_counter()) < warm + SECONDS or not products:
        product()
        middle = perf_counter()
        if call is not None:
            call()
        if began > warm:
            products.append(middle - began)
            calls.append(perf_counter() - middle)
    return {PRODUCT: median(products)} | ({} if call is None else {CALL: median(calls)})


def turn(variant: Any) -> dict[str, float]:
    return turn_between(*variant) if isinstance(variant, tuple) else whole_turn(variant)


def arrays_of(variant: Any) -> list[np.ndarray]:
    """What a variant computes."""
    if isinstance(variant, tuple):
        values = [function() for function in variant if function is not None]
    else:
        result = variant()
        values = result if isinstance(result, tuple) else [result]
    return [value.numpy() if hasattr(value, "numpy") else np.asarray(value) for value in values]


def end_with_parent() -> None:
    """Be killed when the process that stopped this one is, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main() -> None:
    end_with_parent()
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer

    def answer(value: Any) -> None:
        pickle.dump(value, answers)
        answers.flush()

    job = pickle.load(questions)
    for module in job["load"]:
        import_module(module)
    program = PROGRAMS[job["program"]]
    variants = {
        name: variant
        for library in job["libraries"]
        for name, variant in program.variants(library, job["sizes"]).items()
    }
    answer({name: arrays_of(variant) for name, variant in variants.items()})
    while True:  # until it is killed
        answer(turn(variants[pickle.load(questions)]))


if __name__ == "__main__":
    main()
