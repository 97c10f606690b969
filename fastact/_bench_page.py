"""docs/speed.md, from the results of `python -m fastact bench --json`."""

from itertools import groupby
from statistics import geometric_mean
from typing import Any

from ._accuracy_page import table
from ._bench_report import Record, best_peer, elements, mean_text, ratios, shape_text, threads_text, title, unit

PAGE = """\
# Speed

<!-- Written by `python -m fastact bench --from-json FILE --markdown docs/speed.md`. -->

`python -m fastact bench` races fastact against the libraries that are installed.

- **The same work.** Inputs are 3 * N(0, 1), in the same memory for everybody. Before anything is timed, each result
  is compared with fastact's. Output `fresh`: every call returns a new array. Output `given`: every call writes to the
  same one (`out=`, a bound output, or in JAX a donated argument). PyTorch runs in inference mode, and without the Python
  wrappers of `torch.nn.functional`; JAX is compiled; ONNX Runtime and OpenVINO have their models compiled beforehand.
  The backward kernels of PyTorch for sigmoid and tanh are given the result of the forward pass, all others x.
- **At the same time.** For every number of threads there is one process, which takes as many processors, by affinity.
  In it the contestants take turns, in a new order in every round; each turn begins with calls that are not timed. The
  figure is the minimum (or median) over the rounds. Python's garbage collector is off.
- **Undisturbed.** Threads that wait for work may spin for about a millisecond (`GOMP_SPINCOUNT`, `KMP_BLOCKTIME`; set
  these or `OMP_WAIT_POLICY` yourself and yours are taken), and there is a pause of five between two turns, so that no
  library takes the processors of the next. Freed memory stays with the process for everybody. Use a quiet machine:
  whatever else runs is measured too.
- **How to read it.** A time is that of fastact, per element, and per call below 1,024 elements. The ratio next to it
  is the time of the fastest peer, which is named, over that of fastact: above 1 fastact is faster. Copying memory is the
  limit of what large arrays allow: `of copy` is the share of the fastest copy's bandwidth in the same run (np.copyto on
  one thread, or torch's `copy_`), where a call has to read and write at least two arrays, and three in a backward pass.
  Small arrays show the cost of a call, large ones with fresh output the cost of new pages of memory.

```sh
python -m fastact bench --json speed.json --markdown docs/speed.md --plot speed.png  # everything
python -m fastact bench --function silu gelu --sizes 2^10..2^26 --output given --plot sizes.png
python -m fastact bench --shapes                                                     # as they occur in models
python -m fastact bench --compare speed.json                                         # what moved since
```
"""
RUN = """
## The run

- {machine}
- Against {versions}
- {statistic} of {rounds} rounds of {milliseconds:g} ms, {date}
- Command: `{command}`
"""
SERIES = ("operation", "dtype", "layout", "output", "threads")


def page(content: dict[str, Any]) -> str:
    run, records = content["run"], content["records"]
    head = RUN.format(
        machine=", ".join(f"{name} {value}" for name, value in run["machine"].items()),
        versions=", ".join(f"{peer} {version}" for peer, version in run["versions"].items()) or "nobody",
        **{key: run[key] for key in ("statistic", "rounds", "milliseconds")},
        **{key: content[key] for key in ("date", "command")},
    )
    sized = [record for record in records if len(record["shape"]) == 1]
    shaped = [record for record in records if len(record["shape"]) > 1]
    sections = [section(list(group)) for _, group in groupby(sorted(sized, key=series_of), series_of)]
    if shaped:
        sections.append(f"## Shapes\n\n{table(SHAPES_HEADING, [shape_row(record) for record in shaped])}")
    return "\n".join([PAGE + head, *sections])


def series_of(record: Record) -> tuple:
    return tuple(record[key] for key in SERIES)


def section(records: list[Record]) -> str:
    """A table of one line per function and one column per size."""
    first = records[0]
    head = (
        f"## {first['operation'].capitalize()}, {first['dtype']}, {first['layout']}, output {first['output']}, "
        f"{threads_text(first['threads'])}"
    )
    sizes = sorted({elements(record) for record in records})
    cells = {(record["function"], elements(record)): cell(record) for record in records}
    functions = dict.fromkeys(record["function"] for record in records)
    rows = [[f"`{function}`", *(cells.get((function, size), "") for size in sizes)] for function in functions]
    means = ([ratio for ratio in ratios([r for r in records if elements(r) == size])] for size in sizes)
    rows.append(["geometric mean", *(f"{geometric_mean(found):.2f}" if found else "" for found in means)])
    heading = ["", *(f"{size:,}, ns per {'call' if unit({'shape': [size]})[1] == 1 else 'element'}" for size in sizes)]
    return f"{head}\n\n{table(heading, rows)}" + (f"\n{mean_text(records).capitalize()}.\n" if ratios(records) else "")


def cell(record: Record) -> str:
    time, best = record["nanoseconds"]["fastact"] / unit(record)[1], best_peer(record)
    return f"{time:.3g}" + (f" ({best[1]:.2f} {best[0]})" if best else "")


SHAPES_HEADING = ["shape", "operation", "output", "threads", "ns per element", "ratio"]


def shape_row(record: Record) -> list[str]:
    best = best_peer(record)
    return [
        f"`{record['function']}` {shape_text(record['shape'])}",
        f"{record['operation']} {record['dtype']}",
        record["output"],
        str(record["threads"]),
        f"{record['nanoseconds']['fastact'] / elements(record):.3g}",
        f"{best[1]:.2f} {best[0]}" if best else "",
    ]
