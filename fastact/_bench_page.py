"""docs/speed.md, from the results of `python -m fastact bench --json`."""

from statistics import geometric_mean
from typing import Any

from ._accuracy_page import table
from ._bench_report import Record, best_peer, by_series, elements, mean_text, ratios, series_title, shape_text, unit

PAGE = """\
# Speed

<!-- Written by `python -m fastact bench --from-json FILE --markdown docs/speed.md`. -->

`python -m fastact bench` races fastact against the libraries that are installed.

- **The same work.** Inputs are 3 * N(0, 1), in the same memory for everybody. Before anything is timed, each result
  is compared with fastact's. With output `fresh` every call returns a new array; with output `given` every call writes
  to the same one (`out=`, a bound output, or in JAX a donated argument), and who can not do so is not there. PyTorch
  runs in inference mode and without the Python wrappers of `torch.nn.functional`; JAX is compiled; ONNX Runtime and
  OpenVINO have their models compiled beforehand. PyTorch's backward kernels for sigmoid and tanh are given the result
  of the forward pass, and so is that for elu in `--operation backward_from_output`; all others are given x.
- **At the same time.** For every number of threads there is one process, which takes as many processors, by affinity.
  In it the contestants take turns, in a new order in every round; each turn begins with calls that are not timed. The
  figure is the minimum (or median) over the rounds. Python's garbage collector is off.
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

With all peers the whole race takes more than an hour; `--function`, `--sizes` and the other options take a part of it.

```sh
python -m fastact bench --json speed.json --markdown docs/speed.md --plot speed.png  # pip install "fastact[plot]"
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
    sections = [section(series) for series in by_series(sized)]
    if shaped:
        sections.append(f"## Shapes\n\n{table(SHAPES_HEADING, [shape_row(record) for record in shaped])}")
    return "\n".join([PAGE + head, *sections])


def section(records: list[Record]) -> str:
    """A table of one line per function and one column per size."""
    head = f"## {series_title(records[0]).capitalize()}"
    sizes = sorted({elements(record) for record in records})
    cells = {(record["function"], elements(record)): cell(record) for record in records}
    functions = dict.fromkeys(record["function"] for record in records)
    rows = [[f"`{function}`", *(cells.get((function, size), "") for size in sizes)] for function in functions]
    means = (ratios([record for record in records if elements(record) == size]) for size in sizes)
    rows.append(["geometric mean", *(f"{geometric_mean(found):.2f}" if found else "" for found in means)])
    heading = ["", *(f"{size:,}, ns per {'call' if unit({'shape': [size]})[1] == 1 else 'element'}" for size in sizes)]
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
