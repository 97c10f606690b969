"""The inputs with the largest errors known, at least one for every bound of the table: tests/worst_cases.json.

The parameters of a gated pair are its other factors: up, or dy and up; x is the gate. As a program it takes larger ones
from what `python -m fastact accuracy --json accuracy.json` found, with `--exhaustive` or `--climb`:

    python tests/worst_cases.py --from-json accuracy.json climb.json
"""

import argparse
import itertools
import json
from pathlib import Path
from typing import NamedTuple

from conftest import FORMULAS

from fastact import _ufuncs
from fastact._cli._errors import has_fma, isa_with

PAIRS = list(itertools.product(_ufuncs.gated, ("forward", "backward")))
PATH = Path(__file__).with_name("worst_cases.json")


class Bound(NamedTuple):
    """What a number of the table is about."""

    name: str
    operation: str
    dtype: str
    fma: bool

    @property
    def isa(self):
        """An instruction set of this machine that the bound is about, or None."""
        return isa_with(self.fma)


def load():
    return {Bound(*entry["bound"]): entry for entry in json.loads(PATH.read_text())} if PATH.exists() else {}


def save(worst_cases):
    entries = (json.dumps(worst_cases[bound]) for bound in sorted(worst_cases))
    PATH.write_text("[\n" + ",\n".join(entries) + "\n]\n")


def keep_larger(worst_cases, bound, error, parameters, x):
    """Exact results need no worst case."""
    if error > worst_cases.get(bound, {"error": 0})["error"]:
        parameters = [float(parameter) for parameter in parameters]
        worst_cases[bound] = {"bound": bound, "error": round(float(error), 4), "parameters": parameters, "x": x}


def take(worst_cases, results):
    known = {*FORMULAS, *PAIRS}
    for found in (found for found in results if (found["function"], found["operation"]) in known):
        bound = Bound(found["function"], found["operation"], found["dtype"], has_fma(found["isa"]))
        keep_larger(worst_cases, bound, float(found["largest"]), found["parameters"].values(), found["x"])


def main():
    parser = argparse.ArgumentParser(description="Take inputs with larger errors than those of worst_cases.json.")
    parser.add_argument("--from-json", metavar="FILE", type=Path, nargs="+", required=True)
    worst_cases = load()
    for path in parser.parse_args().from_json:
        take(worst_cases, json.loads(path.read_text())["results"])
    save(worst_cases)


if __name__ == "__main__":
    main()
