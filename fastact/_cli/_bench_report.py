"""What `python -m fastact bench` prints of its records; ratios above 1 mean that fastact is faster."""

import sys
from itertools import groupby
from statistics import geometric_mean
from typing import Any

import numpy as np

from . import _functions
from ._apply import runs_of
from ._between import NOTHING, TITLES
from ._peers import COPIES, PEERS, SCALES
from ._race_environment import ISAS

# function, operation, dtype, layout, output, shape, threads, between, isa and nanoseconds per call of each
# implementation; in a program also, as "after", the time of what follows a call over that without the call
Record = dict[str, Any]

CONDITIONS = {"between": NOTHING, "isa": ISAS[0]}  # of a record that does not name them
SERIES = ("operation", "dtype", "layout", "output", "threads", *CONDITIONS)
GROUP = (*SERIES, "shape")  # what the records of a table have in common
COPIED = 2  # arrays
PER_CALL_BELOW = 1024  # elements; smaller arrays are reported per call
MOVED = 0.05  # of a ratio: smaller differences are not listed
SHAPES = {  # in models: function and shape
    "yolo_silu": ("silu", (1, 64, 160, 160)),
    "mobilenet_hard_swish": ("hard_swish", (1, 240, 28, 28)),
    "bert_gelu": ("gelu", (8, 512, 3072)),
    "llama_silu": ("silu", (512, 11008)),
    "llama_swiglu": ("swiglu", (256, 2816)),
    "gpt2_softmax": ("softmax", (12, 256, 256)),
    "resnet_prelu": ("prelu", (32, 64, 56, 56)),
    "bert_bias_gelu": ("bias_act", (512, 3072)),
}


def with_conditions(record: Record) -> Record:
    return CONDITIONS | record


def added(kept: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Join the results of two runs; of a case of both those of the second count."""
    records = {key_of(record): record for record in (*kept["records"], *content["records"])}
    return content | {"earlier": runs_of(kept), "records": list(records.values())}


def in_program(record: Record) -> bool:
    return record["between"] != NOTHING


def elements(record: Record) -> int:
    return int(np.prod(record["shape"]))


def group_of(record: Record) -> tuple:
    return tuple(tuple(record[key]) if key == "shape" else record[key] for key in GROUP)


def key_of(record: Record) -> tuple:
    return record["function"], *group_of(record)


def best_peer(record: Record) -> tuple[str, float] | None:
    """The fastest peer, and how many times as long as fastact it takes; None if there is none."""
    times = record["nanoseconds"]
    rivals = {peer: times[peer] for peer in PEERS if peer in times}
    if not rivals:
        return None
    best = min(rivals, key=rivals.__getitem__)
    return best, rivals[best] / times["fastact"]


def ratios(records: list[Record]) -> list[float]:
    return [best[1] for record in records if (best := best_peer(record)) is not None]


def bandwidth(record: Record, implementation: str = "fastact") -> float:
    """Gigabytes per second of what has to be read and written at least."""
    arrays = COPIED if implementation in COPIES else _functions.call_of(record["function"], record["operation"]).arrays
    return arrays * elements(record) * np.dtype(record["dtype"]).itemsize / record["nanoseconds"][implementation]


def fastest_copy(records: list[Record]) -> tuple[float, str]:
    """The largest bandwidth of a copy, and whose it is."""
    return max((bandwidth(r, copy), copy) for r in records for copy in COPIES if copy in r["nanoseconds"])


def shape_text(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} elements"
    names = [f" ({name})" for name, (_, named) in SHAPES.items() if tuple(shape) == named]
    return "x".join(map(str, shape)) + "".join(names)


def threads_text(threads: int) -> str:
    return f"{threads} thread{'s' * (threads > 1)}"


def series_title(record: Record) -> str:
    parts = [record["layout"], f"output {record['output']}", threads_text(record["threads"])]
    parts += [TITLES[record["between"]]] if in_program(record) else []
    parts += ["everybody limited to AVX2"] if record["isa"] == "avx2" else []
    return f"{record['operation']} {record['dtype']}, {', '.join(parts)}"


def title(record: Record) -> str:
    return f"{series_title(record)}, {shape_text(record['shape'])}"


def by_series(records: list[Record]) -> list[list[Record]]:
    """Part the records by all that they are but function and shape."""
    series: dict[tuple, list[Record]] = {}
    for record in records:
        series.setdefault(tuple(record[key] for key in SERIES), []).append(record)
    return list(series.values())


def unit(record: Record) -> tuple[str, int]:
    """The unit in which times are stated, and how many nanoseconds per call it is."""
    if in_program(record):
        return "us per call", 1000
    return ("ns per call", 1) if elements(record) < PER_CALL_BELOW else ("ns per element", elements(record))


def time_text(record: Record, implementation: str, digits: int) -> str:
    """The time of an implementation and, in a program, how long the work that follows takes."""
    time = record["nanoseconds"][implementation] / unit(record)[1]
    if not in_program(record):
        return f"{time:.{digits}g}"
    return f"{time:{',.0f' if time >= 1000 else f'.{digits}g'}} ({record['after'][implementation]:.2f})"


def mean_text(records: list[Record]) -> str:
    found = ratios(records)
    if not found:
        return ""
    wins = sum(ratio >= 1 for ratio in found)
    mean = geometric_mean(found)
    return f"geometric mean of the ratios: {mean:.2f}; at least as fast as every peer: {wins} of {len(found)}"


# Tables


def print_table(group: list[Record], single: dict[tuple, float]) -> None:
    """Print records that differ in their function only; `single` has the times on one thread by what else they are."""
    columns = [name for name in ("fastact", *PEERS, *SCALES) if any(name in r["nanoseconds"] for r in group)]
    copied, copier = fastest_copy(group)
    faster = group[0]["threads"] > 1 and any(without_threads(record) in single for record in group)
    width = 20 if in_program(group[0]) else 13
    heading = [f"{name:>{width}}" for name in columns]
    heading += [f"{name:>9}" for name in ("GB/s", "of copy", "best/fa", *["speed-up"][:faster])] + ["  best peer"]
    print(f"\n{title(group[0])}: {unit(group[0])[0]}; copy: {copied:.3g} GB/s, by {copier}")
    print(f"{'':13}{''.join(heading)}")
    for record in group:
        print(row(record, columns, width, copied, single if faster else None).rstrip())
    if mean := mean_text(group):
        print(mean)
    sys.stdout.flush()


def row(record: Record, columns: list[str], width: int, copied: float, single: dict[tuple, float] | None) -> str:
    times, best = record["nanoseconds"], best_peer(record)
    cells = [f"{time_text(record, name, 4) if name in times else '':>{width}}" for name in columns]
    cells += [
        f"{bandwidth(record):9.3g}",
        f"{bandwidth(record) / copied:9.0%}",
        f"{best[1]:9.2f}" if best else f"{'':9}",
    ]
    if single is not None:
        alone = single.get(without_threads(record))
        cells.append(f"{alone / times['fastact']:9.2f}" if alone else f"{'':9}")
    return f"{record['function']:13}{''.join(cells)}  {best[0] if best else ''}"


def without_threads(record: Record) -> tuple:
    return tuple(part for name, part in zip(("function", *GROUP), key_of(record), strict=True) if name != "threads")


def print_tables(records) -> list[Record]:
    """Print one table after another while the records come, in the order of their groups; return them all."""
    found: list[Record] = []
    single: dict[tuple, float] = {}
    for _, records_of_group in groupby(records, group_of):
        group = list(records_of_group)
        print_table(group, single)
        found += group
        single |= {without_threads(r): r["nanoseconds"]["fastact"] for r in group if r["threads"] == 1}
    return found


# Then and now


def measures(record: Record) -> dict[str, float]:
    """What two runs are compared by: the ratio and, in a program, the time of what follows a call of fastact."""
    best, after = best_peer(record), record.get("after")
    return ({"ratios": best[1]} if best else {}) | ({"times of what follows": after["fastact"]} if after else {})


def print_comparison(then: list[Record], now: list[Record]) -> None:
    """Print what moved."""
    before = {key_of(record): measures(record) for record in then}
    pairs: dict[str, list[tuple[Record, float, float]]] = {"ratios": []}
    for record in now:
        old = before.get(key_of(record), {})
        for measure, value in measures(record).items():
            if measure in old:
                pairs.setdefault(measure, []).append((record, old[measure], value))
    for measure, found in pairs.items():
        print_moves(measure, found)


def print_moves(measure: str, pairs: list[tuple[Record, float, float]]) -> None:
    moved = [pair for pair in pairs if abs(pair[2] / pair[1] - 1) > MOVED]
    for record, old, new in sorted(moved, key=lambda pair: pair[2] / pair[1]):
        print(f"{record['function']:13}{old:8.2f} -> {new:.2f} ({new / old - 1:+.0%})  {title(record)}")
    print(f"{len(moved)} of {len(pairs)} {measure} in both moved by more than {MOVED:.0%}", end="")
    if pairs:
        means = [geometric_mean(values) for values in list(zip(*pairs, strict=True))[1:]]
        print(f"; geometric mean: {means[0]:.2f} -> {means[1]:.2f}", end="")
    print()
