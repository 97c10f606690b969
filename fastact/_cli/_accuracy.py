"""`python -m fastact accuracy`: the largest error of every operation, held against its bound."""

import argparse
import datetime
import json
import math
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Set
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import fastact
from fastact import _runtime, _ufuncs
from fastact._names import nearest

from . import _climb, _climb_report, _evidence
from ._accuracy_page import page, worst_case
from ._apply import TIME_LEFT, BadInput, positive, progress_bar, runs_of, write_json, written_whole
from ._climb_report import NAME_WIDTH
from ._errors import (
    CHUNK,
    COMPOSED,
    ORACLE32,
    WITHIN,
    Case,
    Progress,
    Tally,
    finite_or_text,
    has_fma,
    isa_restored,
    measure,
    measured_operations,
    oracle64,
    worker_pool,
)
from ._evidence import Evidence, Result
from ._functions import FUNCTIONS, function_name
from ._layer_errors import case_of, unit

HELP = "measure the largest error of every operation and hold it against its bound"
KEPT = {"run", "date", "command", "results", "partial"}
SAVE_SECONDS = 30  # between two states of an exhaustive run on disk
WEIGHT = {"float32": 1, "float64": 1 << 14}  # time of an input in the progress bar; of float64: 40 us with python-flint
DTYPES = tuple(CHUNK)


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
        "bound": case.bound,
        "largest": finite_or_text(tally["largest"]),
        **{key: float(tally[key]).hex() for key in ("x", "got", "want")},
        "mean": finite_or_text(tally["sum"] / counted),
        **{f"within_{word}": tally[f"within_{word}"] / counted for word in WITHIN},
        "inputs": tally["count"],
        "near_root": tally["near_root"],
        "largest_near_root": tally["largest_near_root"],
    }


def exceeds(found: Result) -> bool:
    return not float(found["largest"]) <= found["bound"]


def state_bounds(results: list[Result]) -> None:
    """Give results of an earlier run the bounds that the table has now, if a set with the same FMA runs here."""
    with isa_restored():
        for isa in _ufuncs.runnable_isas():
            _ufuncs.select_isa(isa)
            for found in (found for found in results if has_fma(found["isa"]) == has_fma(isa)):
                found["bound"] = case_of(found["function"], found["operation"], found["dtype"]).bound


# What is printed

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
    x, got, want = worst_case(found)
    near = f"; {found['near_root']:,} inputs near the root: |error| <= {found['largest_near_root']:.3g}"
    multiples = unit(found["function"], found["operation"])
    return (
        f"{found['function']} {found['operation']}".ljust(NAME_WIDTH)
        + f"{found['isa']:9}{found['bound']:6.3g}{float(found['largest']):8.4f}{float(found['mean']):8.4f}{shares}"
        + f"  x = {x}: got {got}, want {want}{near if found['near_root'] else ''}"
        + (f"; in {multiples}" if multiples else "")
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
        changed = [key for key, value in self.run.items() if before["run"].get(key) != value and key != "cpu"]
        if changed:
            print(f"{self.path} is of another run ({', '.join(changed)} changed): starting anew", file=sys.stderr)
            return
        self.results, self.partial = before["results"], before["partial"]
        processors = [*before["run"]["cpu"].split(", "), self.run["cpu"]]
        self.run["cpu"] = ", ".join(dict.fromkeys(processors))
        state_bounds(self.results)
        print(f"{self.path} is continued: it has {len(self.results)} results", file=sys.stderr)

    def get(self, case: Case, isa: str) -> Result | None:
        return next((found for found in self.results if _evidence.place_of(found) == (*case, isa)), None)

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
            write_json(self.path, self.content())


def place(found: Result) -> tuple[int, ...]:
    """Where a result stands among others: in the order of the table."""
    name = found["function"]
    operation = measured_operations(name).index(found["operation"])
    return DTYPES.index(found["dtype"]), FUNCTIONS.index(name), operation


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
    """What the results depend on, but for the kernels: each result has the fingerprint of its own, on any processor."""
    return {
        "fastact": fastact.__version__,
        "cpu": _runtime._cpu(),
        "exhaustive": exhaustive,
        "float32 judged by": ORACLE32,
        "float64 judged by": (oracle64() or ("nobody",))[0],
    }


# The command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    several: dict[str, Any] = {"nargs": "+", "action": "extend"}
    isas = _ufuncs.runnable_isas()
    parser.add_argument("names", metavar="NAME", type=function_name, nargs="*", help="such as silu or softmax")
    parser.add_argument("--function", metavar="NAME", type=function_name, **several, help="the same")
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

    parser.add_argument("--climbs", metavar="FILE", type=Path, help="with --markdown: what --climb --json wrote")
    parser.add_argument("--proofs", metavar="FILE", type=Path, help="with --markdown: a list of proofs of bounds")

    climb = parser.add_argument_group("search for the largest errors")
    limit = climb.add_mutually_exclusive_group()
    limit.add_argument(
        "--climb", metavar="SECONDS", type=positive(float), help="search this long for the largest error of each"
    )
    limit.add_argument(
        "--evaluations", metavar="N", type=positive(int), help="search until N results of each have been judged"
    )
    climb.add_argument(
        "--parameters",
        choices=_climb.PARAMETERS,
        help="usual ({:g} to {:g}), any (of all exponents); usual".format(*_climb.USUAL),
    )
    climb.add_argument("--add", metavar="FILE", type=Path, help="keep what FILE has of the kernels of now")
    climb.add_argument("--seed", metavar="N", type=natural, help="with --evaluations it finds the same again")


def natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not 0 or a positive integer")
    return int(text)


def selected(arguments: argparse.Namespace) -> list[Case]:
    asked = [*arguments.names, *(arguments.function or ())] or _ufuncs.table
    names = [name for name in FUNCTIONS if name in asked]
    operations = list(dict.fromkeys(operation for name in names for operation in measured_operations(name)))
    for operation in arguments.operation or ():
        if operation in COMPOSED and operation not in operations:
            raise BadInput(f"argument --operation: {operation} has the bits of forward and grad; measure those")
        if operation not in operations:
            raise BadInput(f"argument --operation: no {operation!r} there{nearest(operation, operations)}")
    return [
        case_of(name, operation, dtype)
        for dtype in DTYPES
        if dtype in (arguments.dtype or DTYPES)
        for name in names
        for operation in measured_operations(name)
        if operation in (arguments.operation or operations)
    ]


def measure_all(cases: list[Case], isas: list[str], exhaustive: bool, path: Path | None, progress: bool) -> Record:
    """Measure what the record does not have yet, and print it all, case by case."""
    record = Record(path, this_run(exhaustive))
    record.save()  # or say now that it can not be written
    missing = {case: record.lacks(case, isas) for case in cases}
    weights = {dtype: WEIGHT[dtype] * CHUNK[dtype] for dtype in DTYPES}
    left = {case: len(case.chunks(exhaustive)) - record.begin(case, missing[case]).chunks for case in cases}
    total = sum(left[case] * weights[case.dtype] for case in cases if missing[case])
    try:
        with isa_restored(), worker_pool() as workers, progress_bar(total, progress, bar_format=TIME_LEFT) as bar:
            for before, case in zip([None, *cases], cases, strict=False):
                for _ in measured(record, case, missing[case], case.chunks(exhaustive), workers):
                    if bar is not None:
                        bar.set_description(" ".join(case), refresh=False)
                        bar.update(weights[case.dtype])
                if bar is not None:
                    bar.clear()
                if before is None or (before.dtype, before.oracle) != (case.dtype, case.oracle):
                    print(f"{case.dtype}, judged by {case.oracle}\n{HEADING}")
                for isa in isas:
                    found = record.get(case, isa)
                    assert found is not None
                    print(shown(found), flush=True)
    except BaseException:
        record.save()
        raise
    return record


def measured(record: Record, case: Case, isas: list[str], pieces: list, workers: Executor) -> Iterator[None]:
    """Yield after every chunk while a case is measured; the record has how far it is."""
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


def climbable(cases: list[Case]) -> list[Case]:
    for case in cases:
        if case.name not in (*_ufuncs.table, *_ufuncs.gated):
            raise BadInput(f"argument --climb: {case.name} is neither an activation nor a gated pair")
        if not _climb.measurable(case):
            raise BadInput(
                f"argument --climb: {case.name} in float64 needs quadruple precision, which GCC has with glibc; "
                "--dtype float32 does not"
            )
    return cases


def climb(
    cases: list[Case], isas: list[str], limit: _climb.Limit, arguments: argparse.Namespace, progress: bool
) -> list[Result]:
    """Search all of them, and print what is found, search by search."""
    parameters, seed = arguments.parameters or _climb.PARAMETERS[0], arguments.seed
    seed = secrets.randbits(32) if seed is None else seed
    options = {"limit": limit._asdict(), "parameters": parameters, "seed": seed}
    kept = None if arguments.add is None else kept_climbs(arguments.add, parameters)
    record = Climbs(arguments.json, this_run(False) | {"float64 judged by": _climb.ORACLE64, "climb": options}, kept)
    record.save()
    searches = (_climb.search_of(case, isa, parameters, seed) for case in cases for isa in isas)
    print(f"seed {seed}, {parameters} parameters\n{_climb_report.HEADING}", flush=True)
    with (
        isa_restored(),
        worker_pool() as workers,
        progress_bar(len(cases) * len(isas) * limit.slices, progress, bar_format=TIME_LEFT) as bar,
    ):
        for search in _climb.searched(searches, limit, workers):
            if search is None:
                if bar is not None:
                    bar.update(1)
                continue
            if bar is not None:
                bar.clear()
            found = _climb_report.result(search)
            record.add(found)
            print(_climb_report.shown(found), flush=True)
    return record.found


class Climbs(Record):
    """The results of a climb, joined with those that an earlier file has."""

    def __init__(self, path: Path | None, run: dict[str, Any], kept: dict[str, Any] | None):
        super().__init__(path, run)
        self.kept = kept
        self.found: list[Result] = []
        self.results = kept["results"] if kept is not None else []

    def add(self, found: Result) -> None:
        self.found.append(found)
        self.results = _evidence.added(self.results, [found])
        self.save()

    def content(self) -> dict[str, Any]:
        if self.kept is None:
            return super().content()
        return super().content() | {"earlier": runs_of(self.kept)}


def load_climbs(path: Path) -> dict[str, Any]:
    content = load(path)
    if "climb" not in content["run"]:
        raise BadInput(f"{path} holds no climb")
    return content


def kept_climbs(path: Path, parameters: str) -> dict[str, Any]:
    """What a file has, without results of kernels that have changed since."""
    content = load_climbs(path)
    if content["run"]["climb"]["parameters"] != parameters:
        raise BadInput(f"{path} holds a climb with {content['run']['climb']['parameters']} parameters")
    standing = [found for found in content["results"] if _climb_report.stands(found)]
    if len(standing) < len(content["results"]):
        print(f"{path}: {len(content['results']) - len(standing)} results are of other kernels", file=sys.stderr)
    state_bounds(standing)
    return content | {"results": standing}


def exit_if_exceeded(results: list[Result], shown: Callable[[Result], str]) -> None:
    exceeded = [found for found in results if exceeds(found)]
    for found in exceeded:
        print(f"exceeds its bound: {shown(found)}", file=sys.stderr)
    if exceeded:
        raise SystemExit(1)


def run(arguments: argparse.Namespace) -> None:
    limit = _climb.Limit(arguments.climb, arguments.evaluations)
    if limit == _climb.Limit(None, None):
        for option in ("parameters", "seed", "add"):
            if getattr(arguments, option) is not None:
                raise BadInput(f"argument --{option}: it goes with --climb or --evaluations")
        measure_or_show(arguments)
        return
    for option in ("exhaustive", "from_json", "markdown", "climbs", "proofs"):
        if getattr(arguments, option):
            raise BadInput(f"argument --{option.replace('_', '-')}: it does not go with --climb or --evaluations")
    cases = climbable(selected(arguments))
    exit_if_exceeded(
        climb(cases, selected_isas(arguments), limit, arguments, progress=sys.stderr.isatty()), _climb_report.shown
    )


def selected_isas(arguments: argparse.Namespace) -> list[str]:
    return [isa for isa in _ufuncs.runnable_isas() if isa in (arguments.isa or [isa])]


def evidence(arguments: argparse.Namespace) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Read what --climbs and --proofs name."""
    for option in ("climbs", "proofs"):
        if getattr(arguments, option) is not None and arguments.markdown is None:
            raise BadInput(f"argument --{option}: it goes with --markdown")
    climbs = None if arguments.climbs is None else load_climbs(arguments.climbs)
    if climbs is not None:
        state_bounds(climbs["results"])
    return climbs, [] if arguments.proofs is None else _evidence.load_proofs(arguments.proofs)


def measure_or_show(arguments: argparse.Namespace) -> None:
    climbs, proofs = evidence(arguments)
    if arguments.from_json is not None:
        measuring = ("names", "function", "operation", "isa", "dtype", "exhaustive", "json")
        if any(getattr(arguments, option) for option in measuring):
            raise BadInput("argument --from-json: nothing is measured, so that only --markdown goes with it")
        content = load(arguments.from_json)
        if "climb" in content["run"]:
            raise BadInput(f"{arguments.from_json} holds a climb, of which there is no page")
        state_bounds(content["results"])
        print_results(content["results"])
        chosen = content["results"]
    else:
        cases, isas = measurable(selected(arguments)), selected_isas(arguments)
        record = measure_all(cases, isas, arguments.exhaustive, arguments.json, progress=sys.stderr.isatty())
        content, chosen = record.content(), [record.get(case, isa) for case in cases for isa in isas]
    if arguments.markdown is not None:
        with written_whole(arguments.markdown) as file:
            file.write(page(Evidence(content, climbs, proofs)).encode())
    exit_if_exceeded(chosen, shown)
    exit_if_exceeded(climbs["results"] if climbs is not None else [], _climb_report.shown)


def measurable(cases: list[Case]) -> list[Case]:
    """Leave out float64 where there is no oracle with more digits."""
    found = [case for case in cases if case.oracle is not None]
    if found != cases:
        print("float64 is left out: it needs python-flint (pip install python-flint)", file=sys.stderr)
    return found
