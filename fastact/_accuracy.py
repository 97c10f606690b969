"""`python -m fastact accuracy`: the largest error of every operation, held against its bound."""

import argparse
import datetime
import json
import math
import shlex
import sys
import time
from collections.abc import Iterator, Set
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import fastact

from . import _runtime, _ufuncs
from ._accuracy_page import page, witness
from ._apply import BadInput, activation_name, progress_bar, written_whole
from ._errors import (
    CHUNK,
    COMPOSED,
    WITHIN,
    Case,
    Progress,
    Tally,
    chunks,
    judge64,
    judged_operations,
    measure,
    worker_pool,
)
from ._names import nearest

HELP = "measure the largest error of every operation and hold it against its bound"
KEPT = {"run", "date", "command", "results", "partial"}
SAVE_SECONDS = 30  # between two states of an exhaustive run on disk
WEIGHT = {"float32": 1, "float64": 1 << 14}  # time of an input in the progress bar; of float64: 40 us with python-flint
DTYPES = tuple(CHUNK)

Result = dict[str, Any]


def result(case: Case, isa: str, fingerprint: str, tally: Tally) -> Result:
    """One line of the results, as JSON has it. Its bound is that of the ISA in use."""
    counted = tally["count"] - tally["near_root"]
    return {
        "function": case.name,
        "operation": case.operation,
        "dtype": case.dtype,
        "isa": isa,
        "parameters": case.parameters,
        "fingerprint": fingerprint,
        "bound": _ufuncs.error_bound(*case),
        "largest": finite_or_text(tally["largest"]),
        **{key: float(tally[key]).hex() for key in ("x", "got", "want")},
        "mean": finite_or_text(tally["sum"] / counted),
        **{f"within_{word}": tally[f"within_{word}"] / counted for word in WITHIN},
        "inputs": tally["count"],
        "near_root": tally["near_root"],
        "largest_near_root": tally["largest_near_root"],
    }


def finite_or_text(value: float) -> float | str:
    """A number as JSON can hold it; float() reads both."""
    return value if math.isfinite(value) else str(value)


def exceeds(found: Result) -> bool:
    return not float(found["largest"]) <= found["bound"]


def state_bounds(results: list[Result]) -> None:
    """Give results of an earlier run the bounds that the table has now, on the instruction sets of this machine."""
    in_use = _ufuncs.isa()
    try:
        for isa in _ufuncs.runnable_isas():
            _ufuncs.select_isa(isa)
            for found in results:
                if found["isa"] == isa:
                    found["bound"] = _ufuncs.error_bound(found["function"], found["operation"], found["dtype"])
    finally:
        _ufuncs.select_isa(in_use)


# What is printed

NAME_WIDTH = 34
HEADING = f"{'':{NAME_WIDTH}}{'ISA':9}{'bound':>6}{'max':>8}{'mean':>8}{'<= 0.5':>8}{'<= 1':>8}{'<= 2':>8}  ULP"


def print_results(results: list[Result]) -> None:
    for dtype in DTYPES:
        of_dtype = [found for found in results if found["dtype"] == dtype]
        if of_dtype:
            print(f"{dtype}\n{HEADING}")
        for found in of_dtype:
            print(shown(found))


def shown(found: Result) -> str:
    shares = "".join(f"{percent(found[f'within_{word}']):>8}" for word in WITHIN)
    x, got, want = witness(found)
    near = f"; {found['near_root']:,} inputs near the root: |error| <= {found['largest_near_root']:.3g}"
    return (
        f"{found['function']} {found['operation']}".ljust(NAME_WIDTH)
        + f"{found['isa']:9}{found['bound']:6.3g}{float(found['largest']):8.4f}{float(found['mean']):8.4f}{shares}"
        + f"  x = {x}: got {got}, want {want}{near if found['near_root'] else ''}"
    )


def percent(share: float) -> str:
    return f"{math.floor(share * 1e4) / 1e2:g}%"  # rounded down: 100% is all


# What is kept


class Record:
    """The results, and where the present case stands: in memory and, if there is a path, on disk."""

    def __init__(self, path: Path | None, run: dict[str, Any]):
        self.path, self.run = path, run
        self.results: list[Result] = []
        self.partial: dict[str, Any] | None = None
        if path is not None and path.exists():
            self.take_up(load(path))

    def take_up(self, before: dict[str, Any]) -> None:
        if not self.run["exhaustive"]:
            if before["run"]["exhaustive"]:
                raise BadInput(f"{self.path} holds an exhaustive run; a sample needs another file")
            return
        changed = [key for key, value in self.run.items() if before["run"].get(key) != value]
        if changed:
            print(f"{self.path} is of another run ({', '.join(changed)} changed): starting anew", file=sys.stderr)
            return
        self.results, self.partial = before["results"], before["partial"]
        state_bounds(self.results)
        print(f"{self.path} is continued: it has {len(self.results)} results", file=sys.stderr)

    def get(self, case: Case, isa: str) -> Result | None:
        keys = ("function", "operation", "dtype", "isa")
        return next((found for found in self.results if [found[key] for key in keys] == [*case, isa]), None)

    def lacks(self, case: Case, isas: list[str]) -> list[str]:
        """Say on which of these ISAs a case has no result, and drop those of kernels that have changed since."""
        for isa in isas:
            found = self.get(case, isa)
            if found is not None and found["fingerprint"] != case.fingerprint(isa):
                self.results.remove(found)
        return [isa for isa in isas if self.get(case, isa) is None]

    def begin(self, case: Case, isas: list[str]) -> Progress:
        """Where the measurement of a case was left."""
        partial = self.partial
        here = {"case": list(case), "chunk": CHUNK[case.dtype], "fingerprints": fingerprints(case, isas)}
        if partial is None or {key: partial[key] for key in here} != here:
            return Progress()
        return Progress(partial["chunks"], {isa: from_json(tally) for isa, tally in partial["tallies"].items()})

    def stands(self, case: Case, progress: Progress) -> None:
        tallies = {isa: {key: finite_or_text(value) for key, value in t.items()} for isa, t in progress.tallies.items()}
        self.partial = {
            "case": list(case),
            "chunk": CHUNK[case.dtype],
            "fingerprints": fingerprints(case, list(tallies)),
            "chunks": progress.chunks,
            "tallies": tallies,
        }

    def finish(self, case: Case, tallies: dict[str, Tally]) -> None:
        for isa, tally in tallies.items():
            _ufuncs.select_isa(isa)
            self.results.append(result(case, isa, case.fingerprint(isa), tally))
        self.partial = None
        self.save()

    def content(self) -> dict[str, Any]:
        return {
            "command": shlex.join(["python", "-m", "fastact", *sys.argv[1:]]),
            "date": datetime.date.today().isoformat(),
            "run": self.run,
            "results": sorted(self.results, key=place),
            "partial": self.partial,
        }

    def save(self) -> None:
        if self.path is not None:
            with written_whole(self.path) as file:
                file.write((json.dumps(self.content(), indent=1, allow_nan=False) + "\n").encode())


def place(found: Result) -> tuple[int, ...]:
    """Where a result stands among others: in the order of the table."""
    name = found["function"]
    operation = judged_operations(name).index(found["operation"])
    return DTYPES.index(found["dtype"]), list(_ufuncs.table).index(name), operation


def fingerprints(case: Case, isas: list[str]) -> dict[str, str]:
    return {isa: case.fingerprint(isa) for isa in isas}


def from_json(tally: Tally) -> Tally:
    return {key: float(value) if isinstance(value, str) else value for key, value in tally.items()}


def load(path: Path, keys: Set[str] = KEPT) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
        if not keys <= content.keys():
            raise ValueError
    except (ValueError, AttributeError, RecursionError):
        raise BadInput(f"{path} is no result of this command") from None
    return content


def this_run(exhaustive: bool) -> dict[str, Any]:
    """All that the results depend on, but for the kernels: each result has the fingerprint of its own."""
    return {
        "fastact": fastact.__version__,
        "cpu": _runtime._cpu(),
        "exhaustive": exhaustive,
        "float32 judged by": "double-precision formulas of their own (fastact._exact)",
        "float64 judged by": (judge64() or ("nobody",))[0],
    }


# The command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    several = {"nargs": "+", "action": "extend"}
    isas = _ufuncs.runnable_isas()
    parser.add_argument("--function", metavar="NAME", type=activation_name, **several, help="such as silu")
    parser.add_argument("--operation", metavar="NAME", **several, help="such as forward, grad or grad_beta")
    parser.add_argument("--isa", choices=isas, **several, help=", ".join(isas))
    parser.add_argument("--dtype", choices=DTYPES, **several, help=", ".join(DTYPES))
    parser.add_argument(
        "--exhaustive", action="store_true", help="take all 2^32 numbers of float32, and 10^6 of float64"
    )
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write the results; an exhaustive run continues that of FILE"
    )
    parser.add_argument("--from-json", metavar="FILE", type=Path, help="take the results of FILE, measure nothing")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the results as docs/accuracy.md has them")


def selected(arguments: argparse.Namespace) -> list[Case]:
    names = [name for name in _ufuncs.table if name in (arguments.function or _ufuncs.table)]
    operations = list(dict.fromkeys(operation for name in names for operation in judged_operations(name)))
    for operation in arguments.operation or ():
        if operation in COMPOSED:
            raise BadInput(f"argument --operation: {operation} has the bits of forward and grad; measure those")
        if operation not in operations:
            raise BadInput(f"argument --operation: no {operation!r} there{nearest(operation, operations)}")
    return [
        Case(name, operation, dtype)
        for dtype in DTYPES
        if dtype in (arguments.dtype or DTYPES)
        for name in names
        for operation in judged_operations(name)
        if operation in (arguments.operation or operations)
    ]


def measure_all(cases: list[Case], isas: list[str], exhaustive: bool, path: Path | None, progress: bool) -> Record:
    """Measure what the record does not have yet, and print it all, case by case."""
    record, in_use = Record(path, this_run(exhaustive)), _ufuncs.isa()
    record.save()  # or say now that it can not be written
    missing = {case: record.lacks(case, isas) for case in cases}
    pieces = {dtype: chunks(dtype, exhaustive) for dtype in {case.dtype for case in cases}}
    weights = {dtype: WEIGHT[dtype] * CHUNK[dtype] for dtype in DTYPES}
    left = {case: len(pieces[case.dtype]) - record.begin(case, missing[case]).chunks for case in cases}
    total = sum(left[case] * weights[case.dtype] for case in cases if missing[case])
    look = "{l_bar}{bar}| {elapsed} gone, {remaining} left"
    try:
        with worker_pool() as workers, progress_bar(total, progress, bar_format=look) as bar:
            for before, case in zip([None, *cases], cases, strict=False):
                for _ in measured(record, case, missing[case], pieces[case.dtype], workers):
                    if bar is not None:
                        bar.set_description(" ".join(case), refresh=False)
                        bar.update(weights[case.dtype])
                if bar is not None:
                    bar.clear()
                if before is None or before.dtype != case.dtype:
                    print(f"{case.dtype}, judged by {record.run[f'{case.dtype} judged by']}\n{HEADING}")
                for isa in isas:
                    print(shown(record.get(case, isa)), flush=True)
    except BaseException:
        record.save()
        raise
    finally:
        _ufuncs.select_isa(in_use)
    return record


def measured(record: Record, case: Case, isas: list[str], pieces: list, workers: Executor) -> Iterator[None]:
    """Yield after every chunk while a case is measured; the record knows where it stands."""
    if not isas:
        return
    begin, saved = record.begin(case, isas), time.monotonic()
    progress = begin
    for progress in measure(case, isas, pieces, begin, workers):
        record.stands(case, progress)
        if time.monotonic() - saved > SAVE_SECONDS:
            record.save()
            saved = time.monotonic()
        yield
    record.finish(case, progress.tallies)


def run(arguments: argparse.Namespace) -> None:
    if arguments.from_json is not None:
        measuring = ("function", "operation", "isa", "dtype", "exhaustive", "json")
        if any(getattr(arguments, option) for option in measuring):
            raise BadInput("argument --from-json: nothing is measured, so that only --markdown goes with it")
        content = load(arguments.from_json)
        state_bounds(content["results"])
        print_results(content["results"])
        chosen = content["results"]
    else:
        cases, isas = (
            judgeable(selected(arguments)),
            [i for i in _ufuncs.runnable_isas() if i in (arguments.isa or [i])],
        )
        record = measure_all(cases, isas, arguments.exhaustive, arguments.json, progress=sys.stderr.isatty())
        content, chosen = record.content(), [record.get(case, isa) for case in cases for isa in isas]
    if arguments.markdown is not None:
        with written_whole(arguments.markdown) as file:
            file.write(page(content).encode())
    exceeded = [found for found in chosen if exceeds(found)]
    for found in exceeded:
        print(f"exceeds its bound: {shown(found)}", file=sys.stderr)
    if exceeded:
        raise SystemExit(1)


def judgeable(cases: list[Case]) -> list[Case]:
    """Leave out float64 where nobody knows its results to more digits."""
    if judge64() is not None or all(case.dtype != "float64" for case in cases):
        return cases
    print("float64 is left out: it needs python-flint (pip install 'fastact[accuracy]')", file=sys.stderr)
    return [case for case in cases if case.dtype != "float64"]
