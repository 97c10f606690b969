"""The inputs with the largest errors known, at least one for every bound of the table: tests/witnesses.json.

As a program it looks for larger ones, in a sample with several parameters or in what
`python -m fastact accuracy --json accuracy.json` found, with `--exhaustive` or `--climb`:

    python tests/witnesses.py --points 300000
    python tests/witnesses.py --from-json accuracy.json
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from conftest import FORMULAS, on_isa, parameter_sets
from worst import worst

from fastact import _ufuncs
from fastact._cli._errors import has_fma

PATH = Path(__file__).with_name("witnesses.json")


class Bound(NamedTuple):
    """What a number of the table is about."""

    name: str
    operation: str
    dtype: str
    fma: bool

    @property
    def isa(self):
        """An instruction set of this machine that the bound is about, or None."""
        return next((isa for isa in _ufuncs.runnable_isas() if has_fma(isa) == self.fma), None)


def load():
    return {Bound(*entry["bound"]): entry for entry in json.loads(PATH.read_text())} if PATH.exists() else {}


def save(witnesses):
    entries = (json.dumps(witnesses[bound]) for bound in sorted(witnesses))
    PATH.write_text("[\n" + ",\n".join(entries) + "\n]\n")


def keep_larger(witnesses, bound, error, parameters, x):
    """Exact results need no witness."""
    if error > witnesses.get(bound, {"error": 0})["error"]:
        parameters = [float(parameter) for parameter in parameters]
        witnesses[bound] = {"bound": bound, "error": round(float(error), 4), "parameters": parameters, "x": x}


def search(witnesses, points):
    bounds = [
        Bound(*case, dtype, fma) for case in FORMULAS for dtype in ("float32", "float64") for fma in (True, False)
    ]
    for bound in [bound for bound in bounds if bound.isa]:
        dtype = np.dtype(bound.dtype).type
        with on_isa(bound.isa):
            for parameters in parameter_sets(bound.name, dtype):
                error, x, *_ = worst(bound.name, bound.operation, dtype, parameters, points)
                keep_larger(witnesses, bound, error, parameters, float(x).hex())


def take(witnesses, results):
    for found in (found for found in results if (found["function"], found["operation"]) in FORMULAS):
        bound = Bound(found["function"], found["operation"], found["dtype"], has_fma(found["isa"]))
        keep_larger(witnesses, bound, float(found["largest"]), found["parameters"].values(), found["x"])


def main():
    parser = argparse.ArgumentParser(description="Look for inputs with larger errors than those of witnesses.json.")
    parser.add_argument("--points", type=int, default=300_000)
    parser.add_argument("--from-json", type=Path)
    options = parser.parse_args()
    witnesses = load()
    if options.from_json is not None:
        take(witnesses, json.loads(options.from_json.read_text())["results"])
    else:
        search(witnesses, options.points)
    save(witnesses)


if __name__ == "__main__":
    main()
