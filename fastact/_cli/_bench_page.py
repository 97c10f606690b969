"""docs/speed.md, from the results of `python -m fastact bench --json`."""

from statistics import geometric_mean
from typing import Any

from ._accuracy_page import table
from ._bench_report import (
    Record,
    best_peer,
    by_series,
    elements,
    in_program,
    mean_text,
    ratios,
    series_title,
    shape_text,
    time_text,
    unit,
)
from ._peers import PEERS

PAGE = """\
# Speed

<!-- Written by `python -m fastact bench --from-json FILE --markdown docs/speed.md`. -->

`python -m fastact bench` races fastact against the libraries that are installed.

- **The same work.** Inputs are 3 * N(0, 1), in the same memory for everybody. Before anything is timed, each result
  is compared with fastact's. With output `fresh` every call returns a new array; with output `given` every call writes
  to the same one (`out=`, a bound output, or in JAX a donated argument), and a library without such an output is left
  out. PyTorch runs in inference mode and without the Python wrappers of `torch.nn.functional`; JAX is compiled; ONNX
  Runtime and OpenVINO have their models compiled beforehand. PyTorch's backward kernels for sigmoid and tanh are given
  the result of the forward pass, and so is that for elu in `--operation backward_from_output`; all others are given x.
  Softmax, its like and layers, such as `--function softmax swiglu prelu bias_act`, take a number of elements as a
  matrix that is nearly square: along its rows go the sums and the bias (of GELU), and the weights of prelu.
- **At the same time.** For every number of threads there is one process, which takes as many processors, by affinity.
  In it the implementations take turns, in a new order in every round; each turn begins with calls that are not timed.
  The figure is the minimum (or median) over the rounds. Python's garbage collector is off.
- **Undisturbed.** Threads that wait for work may spin for about a millisecond (`GOMP_SPINCOUNT`, `KMP_BLOCKTIME`; set
  these or `OMP_WAIT_POLICY` yourself and yours are taken), and with several threads there is a pause of five between
  two turns, so that no library takes the processors of the next. Freed memory stays with the process, for everybody.
  Use a quiet machine: whatever else runs is measured too.
- **How to read it.** A time is that of fastact, per element, and per call below 1,024 elements. The ratio next to it
  is the time of the fastest peer, which is named, over that of fastact: above 1 fastact is faster. What the command
  prints has the times of all. Copying memory is the limit for large arrays: `of copy` there is the share of the fastest
  copy's bandwidth in the same run (np.copyto on one thread, or torch's `copy_`); a forward call reads one array and
  writes one, a backward call reads two. Small arrays show the cost of a call, and large ones with fresh output that of
  new pages of memory.
- **Limited to AVX2.** With `--isa avx2` everybody uses the instructions of most desktop processors, as far as it can
  be told: `FASTACT_ISA`, `ATEN_CPU_CAPABILITY`, `ONEDNN_MAX_CPU_ISA` (PyTorch, OpenVINO), `MKL_ENABLE_INSTRUCTIONS`,
  `XLA_FLAGS=--xla_cpu_max_isa=AVX2`, `NPY_DISABLE_CPU_FEATURES`, `OPENBLAS_CORETYPE`. ONNX Runtime's own kernels read
  no such variable, and go on to use AVX-512 where it is there.
- **In a program.** A race of calls after calls does not show what threads of several libraries do to each other.
  `--between matmul` times every call by itself, right after a product of 512 x 512 float32 matrices by NumPy, whose
  threads go on spinning for a while; `--between torch` does so after a product by PyTorch; `--between busy` does so
  after work on one thread, while other processes keep all processors busy. Nothing is set here: all libraries have
  their default threads and all the processors, and there is no pause within a turn. The figure is the median over the
  calls, or the mean beside busy processes, where most calls are not interrupted and some take many times as long; it
  includes the tenth of a microsecond that reading the clock takes. The number in brackets is the median time of the
  next product, or work, over that of one that no call comes before: 1.05 means that a call slows what runs next by 5 %.
  [pipelines.md](pipelines.md) has whole programs.

With all peers the whole race takes more than an hour; `--function`, `--sizes` and the other options take a part of it.

```sh
python -m fastact bench --json speed.json --markdown docs/speed.md --plot speed.png  # pip install matplotlib
python -m fastact bench --function silu gelu --sizes 2^10..2^26 --output given --plot sizes.png
python -m fastact bench --shapes                                                     # as they occur in models
python -m fastact bench --compare speed.json                                         # what moved since
python -m fastact bench --between matmul torch busy                                  # in a program
python -m fastact bench --function silu softmax prelu --isa avx2 --json speed.json --add speed.json
```
"""
RUN = """
- {machine}
- Against {versions}
- {statistic} of {rounds} rounds of {milliseconds:g} ms, {date}
- Command: `{command}`
"""


def page(content: dict[str, Any]) -> str:
    runs, records = [*content.get("earlier", ()), content], content["records"]
    alone = [record for record in records if not in_program(record)]
    sized = [record for record in alone if len(record["shape"]) == 1]
    shaped = [record for record in alone if len(record["shape"]) > 1]
    sections = [section(series) for series in by_series(sized)]
    if shaped:
        sections.append(f"## Shapes\n\n{table(SHAPES_HEADING, [shape_row(record) for record in shaped])}")
    programs = [program_section(series) for series in by_series(list(filter(in_program, records)))]
    if programs:
        sections.append("\n".join([f"## In a program\n\n{IN_PROGRAM}", *programs]))
    heads = ["## The run"] if len(runs) == 1 else [f"## Run {number}" for number in range(1, len(runs) + 1)]
    told = [f"{heading}\n{run_text(run)}" for heading, run in zip(heads, runs, strict=True)]
    return "\n".join([PAGE, *told, *sections])


def run_text(content: dict[str, Any]) -> str:
    run = content["run"]
    return RUN.format(
        machine=", ".join(f"{name} {value}" for name, value in run["machine"].items()),
        versions=", ".join(f"{peer} {version}" for peer, version in run["versions"].items()) or "nobody",
        **{key: run[key] for key in ("statistic", "rounds", "milliseconds")},
        **{key: content[key] for key in ("date", "command")},
    )


def heading_text(records: list[Record]) -> str:
    title = series_title(records[0])
    return title[0].upper() + title[1:]


def section(records: list[Record]) -> str:
    """A table of one line per function and one column per size."""
    head = f"## {heading_text(records)}"
    sizes = sorted({elements(record) for record in records})
    cells = {(record["function"], elements(record)): cell(record) for record in records}
    functions = dict.fromkeys(record["function"] for record in records)
    rows = [[f"`{function}`", *(cells.get((function, size), "") for size in sizes)] for function in functions]
    means = (ratios([record for record in records if elements(record) == size]) for size in sizes)
    rows.append(["geometric mean", *(f"{geometric_mean(found):.2f}" if found else "" for found in means)])
    units = {elements(record): unit(record)[0] for record in records}
    heading = ["", *(f"{size:,}, {units[size]}" for size in sizes)]
    return f"{head}\n\n{table(heading, rows)}" + (f"\n{mean_text(records).capitalize()}.\n" if ratios(records) else "")


def cell(record: Record) -> str:
    time, best = record["nanoseconds"]["fastact"] / unit(record)[1], best_peer(record)
    return f"{time:.3g}" + (f" ({best[1]:.2f} {best[0]})" if best else "")


SHAPES_HEADING = ["function and shape", "operation", "ns per element", "ratio"]


def shape_row(record: Record) -> list[str]:
    name = f"`{record['function']}` {shape_text(record['shape'])}"
    best = best_peer(record)
    time = f"{record['nanoseconds']['fastact'] / elements(record):.3g}"
    return [name, series_title(record), time, f"{best[1]:.2f} {best[0]}" if best else ""]


IN_PROGRAM = """\
Microseconds of a call and, in brackets, the time of the work that follows, relative to that without the call. The
ratio is the time of the fastest peer over that of fastact.
"""


def program_section(records: list[Record]) -> str:
    """A table of one line per function and size and one column per implementation."""
    columns = [name for name in ("fastact", *PEERS) if any(name in record["nanoseconds"] for record in records)]
    rows = [
        [
            f"`{record['function']}`, {shape_text(record['shape'])}",
            *(time_text(record, name, 3) if name in record["nanoseconds"] else "" for name in columns),
            f"{best[1]:.2f} {best[0]}" if (best := best_peer(record)) else "",
        ]
        for record in records
    ]
    return f"### {heading_text(records)}\n\n{table(['', *columns, 'ratio'], rows)}"
