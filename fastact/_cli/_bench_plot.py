"""The picture of `python -m fastact bench --plot`: ratios by function, and bandwidth by size under that of a copy."""

from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fastact._names import nearest

from ._apply import BadInput
from ._bench_report import Record, bandwidth, best_peer, by_series, elements, fastest_copy, series_title

INCHES = (15, 1.5, 0.24)  # wide; high, and per function


def check_plot(path: Path) -> None:
    """Raise BadInput unless a picture can be written to such a file."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError:
        raise BadInput("argument --plot: needs matplotlib (pip install matplotlib)") from None
    formats = FigureCanvasBase.get_supported_filetypes()
    if path.suffix[1:] not in formats:
        raise BadInput(f"argument --plot: no picture of type {path.suffix!r}{nearest(path.suffix[1:], formats)}")


def plot(records: list[Record], file: BinaryIO, suffix: str) -> None:
    """Draw a row of two charts for each operation, dtype, layout, output and number of threads."""
    from matplotlib.figure import Figure

    series = by_series(records)
    names = max(len({record["function"] for record in group}) for group in series)
    wide, high, per_function = INCHES
    figure = Figure(figsize=(wide, len(series) * (high + per_function * max(names, 10))), layout="constrained")
    rows = figure.subplots(len(series), 2, squeeze=False)
    for (left, right), group in zip(rows, series, strict=True):
        draw_ratios(left, group)
        draw_bandwidths(right, group)
        left.set_title(series_title(group[0]), loc="left")
    figure.savefig(file, format=suffix)


def draw_ratios(axes, records: list[Record]) -> None:
    """A point per function and size: the time of the fastest peer over that of fastact."""
    functions = list(dict.fromkeys(record["function"] for record in records))[::-1]
    for size in sorted({elements(record) for record in records}):
        points = [
            (best[1], functions.index(record["function"]))
            for record in records
            if elements(record) == size and (best := best_peer(record)) is not None
        ]
        if points:
            axes.plot(*zip(*points, strict=True), "o", label=f"{size:,}", alpha=0.7)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(functions)), functions)
    axes.set_xlabel("time of the fastest peer / time of fastact")
    axes.grid(alpha=0.3)
    if axes.lines[1:]:
        axes.legend(title="elements", fontsize="small")


def draw_bandwidths(axes, records: list[Record]) -> None:
    """A line per function: gigabytes per second by size; the fastest peer's dotted, the fastest copy's black."""
    from matplotlib import colormaps

    ordered = sorted(records, key=elements)
    functions = list(dict.fromkeys(record["function"] for record in records))
    axes.set_prop_cycle(color=colormaps["turbo"](np.linspace(0.05, 0.95, len(functions))))
    for function in functions:
        own = [record for record in ordered if record["function"] == function]
        sizes, speeds = [elements(r) for r in own], [bandwidth(r) for r in own]
        (line,) = axes.plot(sizes, speeds, ".-", label=function, linewidth=1)
        against = [(elements(r), bandwidth(r) / best[1]) for r in own if (best := best_peer(r)) is not None]
        if against:
            axes.plot(*zip(*against, strict=True), ":", color=line.get_color(), linewidth=1)
    copies = [(size, fastest_copy(list(group))[0]) for size, group in groupby(ordered, elements)]
    axes.plot(*zip(*copies, strict=True), "k--", label="copy")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("elements")
    axes.set_ylabel("GB/s (dotted: the fastest peer)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small", ncols=2)
