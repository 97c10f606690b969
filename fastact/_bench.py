"""`python -m fastact bench`: a race against the libraries that are installed."""

import argparse
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import packages_distributions, version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from . import _peers, _runtime, _ufuncs
from ._accuracy import load
from ._apply import BadInput, activation_name, check_regular, nearest, progress_bar, written_whole
from ._bench_page import page
from ._bench_plot import check_plot, plot
from ._bench_report import SHAPES, Record, print_comparison, print_tables, threads_text
from ._peers import OPERATIONS, PEERS, Heat
from ._race import STATISTICS

HELP = "race every function against the libraries that are installed"
SIZES = (16, 256, 1024, 1 << 14, 1 << 18, 1 << 24)
LARGEST_SIZE = np.iinfo(np.intp).max // np.dtype(np.float64).itemsize
OUTPUTS = ("fresh", "given")
DTYPES = ("float32", "float64")
LAYOUTS = ("contiguous", "strided")
ROUNDS, MILLISECONDS = 15, 4.0
MEASURING = (
    *("function", "operation", "value_and_grad", "sizes", "shapes", "threads", "peers", "output", "dtype"),
    *("layouts", "rounds", "milliseconds", "statistic", "json"),
)
KEPT = {"run", "date", "command", "records"}


# Options: each takes several values, with spaces or commas between them


def each(read: Callable[[str], Any]) -> Callable[[str], list]:
    return lambda text: [read(part) for part in text.split(",")]


def one_of(*choices: str) -> Callable[[str], str]:
    def choice(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"invalid choice: {text!r}{nearest(text, choices)}")
        return text

    return choice


def positive(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
        return value

    return read


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

    several("--function", activation_name, "such as silu; all", "NAME")
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
    parser.add_argument("--rounds", type=positive(int), metavar="N", help=f"{ROUNDS}")
    parser.add_argument(
        "--milliseconds", type=positive(float), metavar="T", help=f"length of a part of a round; {MILLISECONDS:g}"
    )
    parser.add_argument("--statistic", choices=STATISTICS, help="over the rounds: minimum, or median")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results")
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


def selected_heats(arguments: argparse.Namespace) -> list[Heat]:
    """All that is raced on one number of threads, one table after another."""
    functions = [name for name in _ufuncs.table if name in chosen(arguments.function, *_ufuncs.table)]
    operations = chosen(arguments.operation, *OPERATIONS[:2]) + ["value_and_grad"] * arguments.value_and_grad
    shapes: dict[tuple[int, ...], list[str]] = {}
    if arguments.shapes is not None:
        named = (SHAPES[name] for name in chosen(arguments.shapes) or SHAPES)
        shapes |= {shape: [function] for function, shape in named if function in functions}
        if not shapes:
            raise BadInput("argument --shapes: none of them is of a function that is asked for")
    if arguments.shapes is None or arguments.sizes is not None:
        shapes |= {(count,): functions for count in chain(*chosen(arguments.sizes, SIZES))}
    heats = [
        Heat(function, operation, dtype, layout, output, shape)
        for operation in operations
        for dtype in chosen(arguments.dtype, "float32")
        for layout in chosen(arguments.layouts, "contiguous")
        for output in chosen(arguments.output, *OUTPUTS)
        for shape, functions_of_shape in shapes.items()
        for function in functions_of_shape
        if operation in _ufuncs.operations(function)
    ]
    if not heats:
        raise BadInput(f"argument --operation: none of the functions has {' or '.join(operations)}")
    return heats


def race(job: dict[str, Any]) -> Iterator[Record]:
    """Run the heats of one number of threads in a process of their own."""
    variables = _peers.environment(dict(os.environ), job["threads"])
    variables["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
    with TemporaryFile("w+") as file:
        json.dump(job, file)
        file.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fastact._race"],
            stdin=file,
            stdout=subprocess.PIPE,
            env=variables,
            text=True,
            start_new_session=True,  # signals of the terminal are for this process, which ends that one
        )
    with process:
        try:
            yield from map(json.loads, process.stdout)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise SystemExit(f"the race on {threads_text(job['threads'])} ended with status {process.returncode}")


def race_all(jobs: list[dict[str, Any]], progress: bool) -> Iterator[Record]:
    total = sum(len(job["heats"]) for job in jobs)
    look = "{l_bar}{bar}| {n:.0f} of {total:.0f}, {elapsed} gone, {remaining} left"
    with progress_bar(total, progress, bar_format=look) as bar:
        for job in jobs:
            with closing(race(job)) as records:
                for record in records:
                    if bar is not None:
                        bar.update(1)
                        bar.clear()
                    yield record


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    peers, heats = selected_peers(arguments), selected_heats(arguments)
    settings = {
        "rounds": arguments.rounds or ROUNDS,
        "milliseconds": arguments.milliseconds or MILLISECONDS,
        "statistic": arguments.statistic or next(iter(STATISTICS)),
    }
    threads = chosen(arguments.threads, 1, _ufuncs.get_num_threads())
    jobs = [{"threads": count, "peers": peers, "heats": heats, **settings} for count in threads]
    variables = _peers.environment(dict(os.environ), max(threads))
    distributions = packages_distributions()
    run = {
        "machine": _runtime._runtime(),
        "versions": {peer: version(distributions[peer][0]) for peer in peers},
        "environment": {name: variables[name] for name in _peers.SPINNING if name in variables},
        **settings,
    }
    print(", ".join(f"{name} {value}" for name, value in (run["machine"] | run["versions"]).items()), flush=True)
    return {
        "command": shlex.join(["python", "-m", "fastact", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "run": run,
        "records": print_tables(race_all(jobs, progress=sys.stderr.isatty())),
    }


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
    before = load(arguments.compare, KEPT) if arguments.compare is not None else None
    if arguments.from_json is not None:
        content = load(arguments.from_json, KEPT)
        print_tables(content["records"])
    else:
        content = measure(arguments)
    if arguments.json is not None:
        with written_whole(arguments.json) as file:
            file.write((json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
    if arguments.markdown is not None:
        with written_whole(arguments.markdown) as file:
            file.write(page(content).encode())
    if arguments.plot is not None:
        with written_whole(arguments.plot) as file:
            plot(content["records"], file, arguments.plot.suffix[1:])
    if before is not None:
        print(f"\n{arguments.compare} ({before['date']}) and now: time of the fastest peer / time of fastact")
        print_comparison(before["records"], content["records"])
