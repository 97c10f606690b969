"""docs/pipelines.md, and what `python bench/pipelines.py` prints, from its records."""

from collections.abc import Iterable
from itertools import groupby
from statistics import median
from typing import Any

from fastact._cli._accuracy_page import table

from . import FASTACT, LIBRARIES, NUMPY, ONE_THREAD, PROGRAMS, TORCH
from .rounds import BETWEEN_RESTARTS, Record
from .turns import CALL, PRODUCT, SECONDS, WARM_UP, WHOLE

ALONE = {NUMPY: "numpy alone", FASTACT: "numpy alone", ONE_THREAD: "numpy alone", TORCH: "torch alone"}
PROGRAMS_HEADING = ["program", "NumPy, ms", "fastact, ms", "PyTorch, ms", "NumPy / fastact", "PyTorch / fastact"]
WIDTH = 19  # of a column in print
CALLS_HEADING = ["silu_after_matmul", "call, us", "slowest round, us", "next product"]

PAGE = """\
# Whole programs

<!-- Written by `python bench/pipelines.py --from-json FILE --markdown docs/pipelines.md`. -->

What fastact does for a program, in which matrix products and other libraries' threads use the same processors:
`python bench/pipelines.py` runs each of the programs below in plain NumPy, as people write it, with fastact, and in
PyTorch where that is installed. What a loop of one function takes stands in [speed.md](speed.md).

- **The same work.** Weights and data are the same for everybody, and results are compared before anything is timed.
  The version with fastact is the NumPy version with other activations (in place, or with the bias, where fastact has
  that), and the same code for all else. PyTorch has the same arithmetic by its own functions: in inference mode, and by
  autograd where there are gradients.
- **The usual environment.** No number of threads is set, nor how they wait: what the run found set in the environment
  is stated below.
- **Side by side.** NumPy and fastact take turns in one process and PyTorch in another, in a new order in every round.
  A turn begins with {warm_up:g} ms that are not timed and goes on for {turn:g} ms, or for one run if that takes longer.
  A process that waits for its turn is stopped, so that no thread of it spins. With `OMP_WAIT_POLICY=active` threads
  spin for minutes: each library then has a process of its own, started anew every {restart} rounds, and ratios differ
  more from one run of the command to the next, since where memory lies differs between processes.
- **How to read it.** A time is the median over the rounds of the mean in a turn: what stalls now and then counts. A
  ratio is the median over the rounds of the ratio of the two times: above 1 fastact is faster. Use a quiet machine:
  whatever else runs is measured too.

```sh
python bench/pipelines.py                                  # pip install scikit-learn torch: what needs them
python bench/pipelines.py --only gpt2 mlp_step --rounds 5  # those whose names begin so
python bench/pipelines.py --active                         # threads that wait spin (OMP_WAIT_POLICY=active)
python bench/pipelines.py --busy                           # beside processes that keep every processor busy
python bench/pipelines.py --load torch sklearn.cluster     # imported first, with their OpenMP runtimes
```

The code is in [bench/programs](../bench/programs).

{programs}"""
RUN = """
## The run

- {machine}
- With {versions}
- Environment: {environment}
- {rounds} rounds, {date}
- Command: `{command}`
"""
BETWEEN = """
## A call between products

`silu_after_matmul`: the median time of a call on 131,072 float32 between products of 512 x 512 matrices, and how long
the product after it takes, divided by the same product without calls in between. `one thread` is fastact held to one,
and the slowest round the largest of the medians.

"""


def page(content: dict[str, Any]) -> str:
    run, records = content["run"], content["records"]
    described = [[f"`{name}`", program.text, program.calls] for name, program in PROGRAMS.items()]
    text = PAGE.format(
        warm_up=1e3 * WARM_UP,
        turn=1e3 * SECONDS,
        restart=BETWEEN_RESTARTS,
        programs=table(["", "program", "fastact's functions"], described),
    )
    text += RUN.format(
        machine=named(run["machine"]),
        versions=named(run["versions"]),
        environment=environment_text(run["environment"]),
        rounds=run["rounds"],
        **{key: content[key] for key in ("date", "command")},
    )
    for whole, alike in groupby(records, is_whole):
        title, heading = ("\n## Programs\n\n", PROGRAMS_HEADING) if whole else (BETWEEN, CALLS_HEADING)
        text += title + table(heading, [[f"`{name}`", *cells] for record in alike for name, *cells in rows(record)])
    return text


def named(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def environment_text(variables: dict[str, str]) -> str:
    return " ".join(f"`{name}={value}`" for name, value in variables.items()) or "nothing about threads is set"


def print_records(records: Iterable[Record]) -> list[Record]:
    """Print rows while the records come, and return them all."""
    found: list[Record] = []
    for whole, alike in groupby(records, is_whole):
        for number, record in enumerate(alike):
            if number == 0:
                print()
                print_row(PROGRAMS_HEADING if whole else CALLS_HEADING)
            for row in rows(record):
                print_row(row)
            found.append(record)
    return found


def print_row(cells: list[str]) -> None:
    print(f"{cells[0]:22}" + "".join(f"{cell:>{WIDTH}}" for cell in cells[1:]).rstrip(), flush=True)


def seconds(record: Record, variant: str, what: str, of_rounds=median) -> float:
    return of_rounds(record["times"][variant][what])


def ratio(record: Record, over: str, under: str, what: str) -> float:
    """The median over the rounds of one variant's time divided by another's in the same round."""
    times = record["times"]
    return median(a / b for a, b in zip(times[over][what], times[under][what], strict=True))


def is_whole(record: Record) -> bool:
    return WHOLE in record["times"][FASTACT]


def figure(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def rows(record: Record) -> list[list[str]]:
    return [program_row(record)] if is_whole(record) else call_rows(record)


def program_row(record: Record) -> list[str]:
    """A row below PROGRAMS_HEADING, for those libraries that have the program."""
    times = [figure(1e3 * seconds(record, name, WHOLE)) if name in record["times"] else "" for name in LIBRARIES]
    ratios = [
        f"{ratio(record, name, FASTACT, WHOLE):.2f}" if name in record["times"] else "" for name in (NUMPY, TORCH)
    ]
    return [record["program"], *times, *ratios]


def call_rows(record: Record) -> list[list[str]]:
    """Rows below CALLS_HEADING, one for each library's call."""
    return [
        [
            name,
            figure(1e6 * seconds(record, name, CALL)),
            figure(1e6 * seconds(record, name, CALL, max)),
            f"{ratio(record, name, alone, PRODUCT):.2f}",
        ]
        for name, alone in ALONE.items()
        if name in record["times"]
    ]
