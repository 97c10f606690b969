"""Whole programs in plain NumPy, with fastact and in PyTorch, side by side, in the environment as it is.

python bench/pipelines.py [--rounds N] [--only NAME ...] [--json FILE] [--markdown FILE]
"""

import argparse
import datetime
import importlib.util
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

from programs import PROGRAMS, TORCH
from programs.page import environment_text, named, page, print_records
from programs.rounds import Record, measured

from fastact import _runtime
from fastact.__main__ import Parser, carry_out, exit_on_signals
from fastact._cli._accuracy import load
from fastact._cli._apply import TIME_LEFT, BadInput, progress_bar
from fastact._cli._bench import KEPT, check_target, positive, write
from fastact._cli._between import busy_processors
from fastact._names import nearest

ROUNDS = 15
MEASURING = ("rounds", "only", "peers", "load", "busy", "active", "json")
DISTRIBUTIONS = {"scipy": "scipy", "sklearn": "scikit-learn", "torch": "torch"}  # of modules
THREADING = ("OMP_", "GOMP_", "KMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_", "FASTACT_")


def measure_all(
    programs: list[str], without: set[str], rounds: int, modules: list[str], environment: dict[str, str]
) -> Iterator[Record]:
    """Measure one program after another."""
    with progress_bar(rounds * len(programs), sys.stderr.isatty(), bar_format=TIME_LEFT) as bar:

        def after_round() -> None:
            if bar is not None:
                bar.update(1)
                bar.clear()

        for program in programs:
            libraries = [library for library in PROGRAMS[program].libraries if library not in without]
            yield measured(program, libraries, rounds, modules, environment, after_round)


def installed(module: str) -> bool:
    return importlib.util.find_spec(module.partition(".")[0]) is not None


def selected_programs(prefixes: list[str]) -> list[str]:
    """Return the programs that begin with one of the prefixes; if there is none, all that have what they need."""
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in PROGRAMS):
            raise BadInput(f"argument --only: no program begins with {prefix!r}{nearest(prefix, PROGRAMS)}")
    selected = [name for name in PROGRAMS if name.startswith(tuple(prefixes or [""]))]
    for name in selected:
        if missing := PROGRAMS[name].missing():
            text = f"{name} needs {' and '.join(missing)} to be installed"
            if prefixes:
                raise BadInput(f"argument --only: {text}")
            print(f"left out: {text}")
    return [name for name in selected if not PROGRAMS[name].missing()]


def left_out(peers: list[str] | None) -> set[str]:
    if peers and not installed(TORCH):
        raise BadInput(f"argument --peers: {TORCH} is not installed")
    wanted = installed(TORCH) if peers is None else bool(peers)
    return set() if wanted else {TORCH}


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    modules = arguments.load or []
    for module in modules:
        if not installed(module):
            raise BadInput(f"argument --load: {module} is not installed")
    without = left_out(arguments.peers)
    programs = selected_programs(arguments.only or [])
    environment = dict(os.environ) | ({"OMP_WAIT_POLICY": "active"} if arguments.active else {})
    run = {
        "machine": _runtime._runtime(),
        "versions": {name: version(name) for module, name in DISTRIBUTIONS.items() if installed(module)},
        "environment": {name: value for name, value in sorted(environment.items()) if name.startswith(THREADING)},
        "rounds": arguments.rounds or ROUNDS,
    }
    print(f"{named(run['machine'] | run['versions'])}\nenvironment: {environment_text(run['environment'])}", flush=True)
    with busy_processors() if arguments.busy else nullcontext():
        records = print_records(measure_all(programs, without, run["rounds"], modules, environment))
    return {
        "command": shlex.join(["python", "bench/pipelines.py", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "run": run,
        "records": records,
    }


def run(arguments: argparse.Namespace) -> None:
    if arguments.from_json is not None and any(getattr(arguments, option) not in (None, False) for option in MEASURING):
        raise BadInput("argument --from-json: nothing is measured, so that only --markdown goes with it")
    for target in (arguments.json, arguments.markdown):
        if target is not None:
            check_target(target)
    if arguments.from_json is not None:
        content = load(arguments.from_json, KEPT)
        print_records(content["records"])
    else:
        content = measure(arguments)
    write(arguments, content, page)


def make_parser() -> Parser:
    parser = Parser(
        prog="python bench/pipelines.py",
        description="Whole programs in plain NumPy, with fastact and in PyTorch, in the environment as it is.",
    )
    several = {"nargs": "+", "action": "extend"}
    parser.add_argument("--only", metavar="NAME", help=f"{', '.join(PROGRAMS)}, or how names begin; all", **several)
    parser.add_argument("--peers", nargs="*", choices=[TORCH], help="besides NumPy; torch if it is installed")
    parser.add_argument("--rounds", type=positive(int), metavar="N", help=f"{ROUNDS}")
    parser.add_argument(
        "--load", metavar="MODULE", help="import this first, such as torch or sklearn.cluster", **several
    )
    parser.add_argument("--busy", action="store_true", help="keep all processors busy with other processes meanwhile")
    parser.add_argument("--active", action="store_true", help="set OMP_WAIT_POLICY=active: threads that wait spin")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results")
    parser.add_argument("--from-json", metavar="FILE", type=Path, help="take the results of FILE, measure nothing")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the results as docs/pipelines.md has them")
    parser.set_defaults(run=run, parser=parser)
    return parser


if __name__ == "__main__":
    exit_on_signals()
    carry_out(make_parser().parse_args())
