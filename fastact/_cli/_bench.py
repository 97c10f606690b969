"""`python -m fastact bench`: a race against the libraries that are installed."""

import argparse
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from importlib.metadata import packages_distributions, version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import numpy as np

from fastact import _runtime, _ufuncs
from fastact._names import nearest

from . import _functions, _peers
from ._accuracy import load
from ._apply import BadInput, check_regular, positive, progress_bar, write_json, written_whole
from ._bench_page import page
from ._bench_plot import check_plot, plot
from ._bench_report import SHAPES, Record, added, print_comparison, print_tables, threads_text, with_conditions
from ._between import BETWEEN, NOTHING
from ._functions import FUNCTIONS, function_name
from ._peers import OPERATIONS, PEERS, BenchCase
from ._race import STATISTICS
from ._race_environment import ISAS, SPINNING, environment, limits

HELP = "race every function against the libraries that are installed"
SIZES = (16, 256, 1024, 1 << 14, 1 << 18, 1 << 24)
LARGEST_SIZE = np.iinfo(np.intp).max // np.dtype(np.float64).itemsize
OUTPUTS = ("fresh", "given")
DTYPES = ("float32", "float64")
LAYOUTS = ("contiguous", "strided")
MEASURING = (
    *("function", "operation", "value_and_grad", "sizes", "shapes", "threads", "peers", "output", "dtype"),
    *("layouts", "between", "isa", "rounds", "milliseconds", "statistic", "json", "add"),
)
KEPT = {"run", "date", "command", "records"}


class Defaults(NamedTuple):
    """What is raced, and how, unless options say it."""

    functions: tuple[str, ...]
    sizes: tuple[int, ...]
    operations: tuple[str, ...]
    outputs: tuple[str, ...]
    rounds: int
    milliseconds: float
    statistic: str


ALONE = Defaults(tuple(_ufuncs.table), SIZES, OPERATIONS[:2], OUTPUTS, 15, 4, "minimum")
IN_PROGRAM = Defaults(
    functions=("silu", "tanh", "gelu", "swiglu", "softmax"),
    sizes=(1 << 14, 1 << 17, 1 << 20),
    operations=("forward",),
    outputs=("fresh",),
    rounds=5,
    milliseconds=100,
    statistic="median",
)


# Options: each takes several values, with spaces or commas between them


def each(read: Callable[[str], Any]) -> Callable[[str], list]:
    return lambda text: [read(part) for part in text.split(",")]


def one_of(*choices: str) -> Callable[[str], str]:
    def choice(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"invalid choice: {text!r}{nearest(text, choices)}")
        return text

    return choice


def size(text: str) -> int:
    match = re.fullmatch(r"(2\^)?(\d{1,19})", text)
    number = int(match[2]) if match else 0
    count = 1 << min(number, 63) if match and match[1] else number
    if not 0 < count <= LARGEST_SIZE:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of elements, such as 4096, 2^12 or 2^10..2^26")
    return count


def sizes(text: str) -> tuple[int, ...]:
    """Read `4096`, `2^12`, or `2^10..2^26` for all that follow by doubling."""
    first, dots, last = text.partition("..")
    found, end = [size(first)], size(last if dots else first)
    if end < found[0]:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    while 2 * found[-1] <= end:
        found.append(2 * found[-1])
    return tuple(found)


def thread_count(text: str) -> int:
    if text == "all":
        return _ufuncs.get_num_threads()
    try:
        return positive(int)(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'all' nor a number of threads") from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    def several(option: str, read: Callable[[str], Any], help: str, metavar: str, nargs: str = "+") -> None:
        parser.add_argument(option, type=each(read), nargs=nargs, action="extend", help=help, metavar=metavar)

    several("--function", function_name, "such as silu or softmax; all activations", "NAME")
    several("--operation", one_of(*OPERATIONS), f"{', '.join(OPERATIONS)}; the first two", "NAME")
    parser.add_argument(
        "--value-and-grad", action="store_true", help="time value_and_grad as well, which is ours alone"
    )
    several("--sizes", sizes, "elements, such as 4096, 2^12 or 2^10..2^26", "N")
    several("--shapes", one_of(*SHAPES), f"instead of sizes: {', '.join(SHAPES)}; all", "NAME", nargs="*")
    several("--threads", thread_count, "such as 1 or all; both", "N")
    several("--peers", one_of(*PEERS), f"{', '.join(PEERS)}; those that are installed", "NAME", nargs="*")
    several("--output", one_of(*OUTPUTS), "fresh: returned; given: written to; both", "NAME")
    several("--dtype", one_of(*DTYPES), "float32, float64; float32", "NAME")
    several("--layouts", one_of(*LAYOUTS), "contiguous, strided; contiguous", "NAME")
    several(
        "--between",
        one_of(NOTHING, *BETWEEN),
        f"nothing; {', '.join(BETWEEN)}: time every call in a program that does this, with default threads: by default "
        f"{' '.join(IN_PROGRAM.functions)}",
        "NAME",
    )
    several("--isa", one_of(*ISAS), "best; avx2: limit everybody to AVX2", "NAME")
    parser.add_argument(
        "--rounds", type=positive(int), metavar="N", help=f"{ALONE.rounds}, in a program {IN_PROGRAM.rounds}"
    )
    parser.add_argument(
        "--milliseconds",
        type=positive(float),
        metavar="T",
        help=f"length of a part of a round; {ALONE.milliseconds:g}, in a program {IN_PROGRAM.milliseconds:g}",
    )
    parser.add_argument(
        "--statistic",
        choices=STATISTICS,
        help=f"over the rounds, {ALONE.statistic}; in a program over the calls, {IN_PROGRAM.statistic}, if busy mean",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results")
    parser.add_argument("--add", metavar="FILE", type=Path, help="keep what FILE has and is not measured anew")
    parser.add_argument("--from-json", metavar="FILE", type=Path, help="take the results of FILE, measure nothing")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="print what moved since the results of FILE")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the results as docs/speed.md has them")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw them; needs matplotlib")


def chosen(given: list | None, *default: Any) -> list:
    """The values of an option, once each."""
    return list(dict.fromkeys(chain.from_iterable(given) if given is not None else default))


def check_target(path: Path) -> None:
    """Raise now what would be raised after an hour."""
    if path.exists():
        check_regular(path)
    elif not path.parent.is_dir():
        raise BadInput(f"{path}: No such file or directory")


# The race


def selected_peers(arguments: argparse.Namespace) -> list[str]:
    peers = chosen(arguments.peers, *(peer for peer in PEERS if not _peers.missing_modules(peer)))
    for peer in peers:
        if missing := _peers.missing_modules(peer):
            raise BadInput(f"argument --peers: {peer} needs {' and '.join(missing)} to be installed")
    return [peer for peer in PEERS if peer in peers]


def selected_between(arguments: argparse.Namespace) -> list[str]:
    between = chosen(arguments.between, NOTHING)
    if arguments.threads is not None and NOTHING not in between:
        raise BadInput("argument --threads: in a program every library takes as many as it does by default")
    if "torch" in between and _peers.missing_modules("torch"):
        raise BadInput("argument --between: torch needs torch to be installed")
    return [name for name in (NOTHING, *BETWEEN) if name in between]


def selected_isas(arguments: argparse.Namespace) -> list[str]:
    isas = chosen(arguments.isa, ISAS[0])
    if "avx2" in isas and "avx2" not in _ufuncs.runnable_isas():
        raise BadInput(f"argument --isa: this machine has no AVX2, only {', '.join(_ufuncs.runnable_isas())}")
    return [isa for isa in ISAS if isa in isas]


def defaults(arguments: argparse.Namespace) -> Defaults:
    return ALONE if selected_between(arguments) == [NOTHING] else IN_PROGRAM


def selected_functions(arguments: argparse.Namespace, usual: tuple[str, ...]) -> list[str]:
    asked = chosen(arguments.function, *usual)
    return [name for name in FUNCTIONS if name in asked]


def selected_cases(arguments: argparse.Namespace) -> list[BenchCase]:
    """All that is raced on one number of threads, one table after another."""
    usual = defaults(arguments)
    operations = chosen(arguments.operation, *usual.operations) + ["value_and_grad"] * arguments.value_and_grad
    shapes: dict[tuple[int, ...], list[str]] = {}
    if arguments.shapes is not None:
        named, asked = chosen(arguments.shapes) or SHAPES, selected_functions(arguments, FUNCTIONS)
        shapes |= {shape: [function] for function, shape in map(SHAPES.__getitem__, named) if function in asked}
        if not shapes:
            raise BadInput("argument --shapes: none of them is of a function that is asked for")
    if arguments.shapes is None or arguments.sizes is not None:
        functions = selected_functions(arguments, usual.functions)
        shapes |= {(count,): functions for count in chain(*chosen(arguments.sizes, usual.sizes))}
    cases = [
        BenchCase(function, operation, dtype, layout, output, shape)
        for operation in operations
        for dtype in chosen(arguments.dtype, "float32")
        for layout in chosen(arguments.layouts, "contiguous")
        for output in chosen(arguments.output, *usual.outputs)
        for shape, functions_of_shape in shapes.items()
        for function in functions_of_shape
        if operation in _functions.operations(function)
    ]
    if not cases:
        raise BadInput(f"argument --operation: none of the functions has {' or '.join(operations)}")
    return cases


def environment_of(job: dict[str, Any]) -> dict[str, str]:
    return environment(dict(os.environ), job["threads"] if job["between"] == NOTHING else None, job["isa"])


def race(job: dict[str, Any]) -> Generator[Record, None, None]:
    """Run the cases of one number of threads in a process of their own."""
    variables = environment_of(job)
    variables["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
    with TemporaryFile("w+") as file:
        json.dump(job, file)
        file.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fastact._cli._race"],
            stdin=file,
            stdout=subprocess.PIPE,
            env=variables,
            text=True,
            start_new_session=True,  # signals of the terminal are for this process, which ends that one
        )
    with process:
        assert process.stdout is not None
        try:
            yield from map(json.loads, process.stdout)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise SystemExit(f"the race on {threads_text(job['threads'])} ended with status {process.returncode}")


def race_all(jobs: list[dict[str, Any]], progress: bool) -> Iterator[Record]:
    total = sum(len(job["cases"]) for job in jobs)
    look = "{l_bar}{bar}| {n:.0f} of {total:.0f}, {elapsed} gone, {remaining} left"
    with progress_bar(total, progress, bar_format=look) as bar:
        for job in jobs:
            with closing(race(job)) as records:
                for record in records:
                    if bar is not None:
                        bar.update(1)
                        bar.clear()
                    yield record


def selected_jobs(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return what runs in a process of its own each."""
    peers, cases, usual = selected_peers(arguments), selected_cases(arguments), defaults(arguments)
    all_threads = _ufuncs.get_num_threads()
    return [
        {
            "threads": threads,
            "between": between,
            "isa": isa,
            "peers": peers,
            "cases": cases,
            "rounds": arguments.rounds or usual.rounds,
            "milliseconds": arguments.milliseconds or usual.milliseconds,
            "statistic": arguments.statistic or ("mean" if between == "busy" else usual.statistic),
        }
        for isa in selected_isas(arguments)
        for between in selected_between(arguments)
        for threads in (chosen(arguments.threads, 1, all_threads) if between == NOTHING else [all_threads])
    ]


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    jobs = selected_jobs(arguments)
    distributions = packages_distributions()
    told = {
        name: value
        for job in jobs
        for name, value in environment_of(job).items()
        if name in (*SPINNING, *limits(job["isa"]))
    }
    run = {
        "machine": _runtime._runtime(),
        "versions": {peer: version(distributions[peer][0]) for peer in jobs[0]["peers"]},
        "environment": told,
        **{key: jobs[0][key] for key in ("rounds", "milliseconds")},
        "statistic": " or ".join(dict.fromkeys(job["statistic"] for job in jobs)),
    }
    print(", ".join(f"{name} {value}" for name, value in (run["machine"] | run["versions"]).items()), flush=True)
    return {
        "command": shlex.join(["python", "-m", "fastact", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "run": run,
        "records": print_tables(race_all(jobs, progress=sys.stderr.isatty())),
    }


def results(path: Path) -> dict[str, Any]:
    """Read a file that --json wrote."""
    content = load(path, KEPT)
    try:
        return content | {"records": [with_conditions(record) for record in content["records"]]}
    except TypeError:
        raise BadInput(f"{path} is no result of this command") from None


def write(arguments: argparse.Namespace, content: dict[str, Any], page: Callable[[dict[str, Any]], str]) -> None:
    """Write the results to the files that --json and --markdown name."""
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.markdown is not None:
        with written_whole(arguments.markdown) as file:
            file.write(page(content).encode())


def run(arguments: argparse.Namespace) -> None:
    if arguments.from_json is not None and any(getattr(arguments, option) not in (None, False) for option in MEASURING):
        raise BadInput(
            "argument --from-json: nothing is measured, so that only --compare, --markdown and --plot go with it"
        )
    if arguments.plot is not None:
        check_plot(arguments.plot)
    for target in (arguments.json, arguments.markdown, arguments.plot):
        if target is not None:
            check_target(target)
    before = results(arguments.compare) if arguments.compare is not None else None
    kept = results(arguments.add) if arguments.add is not None else None
    if arguments.from_json is not None:
        content = results(arguments.from_json)
        print_tables(content["records"])
    else:
        content = measure(arguments)
    if kept is not None:
        content = added(kept, content)
    write(arguments, content, page)
    if arguments.plot is not None:
        with written_whole(arguments.plot) as file:
            plot(content["records"], file, arguments.plot.suffix[1:])
    if before is not None:
        print(f"\n{arguments.compare} ({before['date']}) and now: time of the fastest peer / time of fastact")
        print_comparison(before["records"], content["records"])
