"""Programs side by side: a process for each library, which take turns in every round."""

import os
import pickle
import random
import signal
import subprocess
import sys
from collections import ChainMap
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from . import FASTACT, NUMPY, PROGRAMS, SETTINGS

# A program's name and, for each variant of it, its times in each round by what was timed
Record = dict[str, Any]

TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}
BETWEEN_RESTARTS = 5  # rounds in the same processes, where libraries share none


class Worker:
    """A process that has some libraries' variants of a program. It is stopped while others have their turn.

    Threads of some libraries spin while they wait, in some environments for ever; those of a stopped process do not.
    """

    def __init__(self, program: str, libraries: list[str], modules: list[str], environment: dict[str, str]):
        self.title = f"{program} in {' and '.join(libraries)}"
        settings = ChainMap(*(SETTINGS.get(library, {}) for library in libraries))
        path = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "programs.turns"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, **settings, "PYTHONPATH": path},
            start_new_session=True,  # signals of the terminal are for this process, which ends that one
        )
        self.tell({"program": program, "libraries": libraries, "sizes": PROGRAMS[program].sizes, "load": modules})

    def tell(self, question: Any) -> None:
        pickle.dump(question, self.process.stdin)
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the answer, and stop the process."""
        try:
            answer = pickle.load(self.process.stdout)
        except EOFError:
            raise SystemExit(f"{self.title} ended with status {self.process.wait()}") from None
        self.process.send_signal(signal.SIGSTOP)
        return answer

    def turn(self, variant: str) -> dict[str, float]:
        self.process.send_signal(signal.SIGCONT)
        self.tell(variant)
        return self.answer()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        with self.process:
            pass


def processes(libraries: list[str], environment: dict[str, str]) -> list[list[str]]:
    """Which libraries share a process: NumPy and fastact do, so that where memory lies favours neither.

    They do not where threads spin for ever, since those of one would spin through the turns of the other.
    """
    shared = [] if spins_for_ever(environment) else [NUMPY, FASTACT]
    return [shared] * bool(shared) + [[library] for library in libraries if library not in shared]


def spins_for_ever(environment: dict[str, str]) -> bool:
    return environment.get("OMP_WAIT_POLICY", "").lower() == "active"


def measured(
    program: str,
    libraries: list[str],
    rounds: int,
    modules: list[str],
    environment: dict[str, str],
    after_round: Callable[[], None],
) -> Record:
    """Measure a program, in processes that import `modules` first."""
    times: dict[str, dict[str, list[float]]] = {}
    groups = processes(libraries, environment)
    together = BETWEEN_RESTARTS if spins_for_ever(environment) else rounds
    for first in range(0, rounds, together):
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(program, group, modules, environment)) for group in groups]
            results = [worker.answer() for worker in workers]
            check(program, dict(ChainMap(*results)))
            entrants = [(worker, name) for worker, found in zip(workers, results, strict=True) for name in found]
            for _ in range(first, min(first + together, rounds)):
                for worker, name in random.sample(entrants, len(entrants)):
                    for what, seconds in worker.turn(name).items():
                        times.setdefault(name, {}).setdefault(what, []).append(seconds)
                after_round()
    return {"program": program, "times": times}


def check(program: str, results: dict[str, list[np.ndarray]]) -> None:
    """Raise unless all variants do the same work; one without the call has the product only."""
    for name, arrays in results.items():
        for got, want in zip(arrays, results[NUMPY], strict=False):
            if got.shape != want.shape or not np.allclose(got, want, **TOLERANCE):
                raise ArithmeticError(f"{program}: {name} has another result than {NUMPY}")
