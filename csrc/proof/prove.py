"""Proved bounds of float64 errors, by function and operation: csrc/proof/bounds.json.

    python csrc/proof/prove.py                     # what the file lacks, or has for formulas that have changed
    python csrc/proof/prove.py gelu mish           # these anew
    python csrc/proof/prove.py --evaluations 1000000

It needs g++ and glibc, whose libm has quadruple precision. A bound above 1.5 times the largest error known, that of
tests/worst_cases.json, is left out: it says nothing.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import reached

FOLDER = Path(__file__).parent
CORE = FOLDER.parent
PATH = FOLDER / "bounds.json"
WORST_CASES = CORE.parent / "tests" / "worst_cases.json"
COMPILE = ["g++", "-std=gnu++20", "-O2", "-Wall", "-Wextra", "-Wno-missing-field-initializers"]
EVALUATIONS = 400_000  # of a piece of all x; each takes 5 to 100 microseconds
USEFUL = 1.5  # times the largest error known
KEY = ("activation", "operation", "type", "fma", "parameters")


def compiled(target, core=CORE):
    """Compile the prover of the formulas in a folder, and return its path."""
    subprocess.run([*COMPILE, f"-I{core}", str(core / "proof" / "prove.cpp"), "-o", str(target)], check=True)
    return target


def names(program):
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()


def proved(program, name, evaluations):
    """What the prover finds for all operations of a function."""
    run = subprocess.run([program, str(evaluations), name], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def fingerprint(name, core=CORE):
    """Tell the formulas of a function, and the prover, from others."""
    text = "\n".join([*reached.formulas(core, name), *reached.prover(core)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def largest_known():
    worst_cases = json.loads(WORST_CASES.read_text())
    return {tuple(worst_case["bound"]): worst_case["error"] for worst_case in worst_cases}


def entry(result):
    """What is kept of a result."""
    return {word: result[word] for word in (*KEY, "bound_ulp")} | {"formulas": fingerprint(result["activation"])}


def is_useful(result, known):
    error = known.get((result["activation"], result["operation"], result["type"], result["fma"]), 0)
    return float(result["bound_ulp"]) <= max(result["stated"], USEFUL * error)


def load():
    return json.loads(PATH.read_text()) if PATH.exists() else []


def save(bounds):
    lines = (json.dumps(bound) for bound in sorted(bounds, key=lambda bound: [str(bound[word]) for word in KEY]))
    PATH.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def report(result):
    verdict = "holds" if float(result["bound_ulp"]) <= result["stated"] else "is not proved"
    case = f"{result['activation']} {result['operation']}, {result['parameters']} parameters"
    fma = "with" if result["fma"] else "without"
    where = f"{result['from']} .. {result['to']}"
    print(f"{case}, {fma} FMA: {result['bound_ulp']}; {result['stated']:g} {verdict}; {where}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Prove bounds of float64 errors: csrc/proof/bounds.json.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="functions, instead of those that have changed")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS)
    options = parser.parse_args()
    bounds, known = load(), largest_known()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as workers:
        program = compiled(Path(folder) / "prove")
        current = {bound["activation"] for bound in bounds if bound["formulas"] == fingerprint(bound["activation"])}
        wanted = options.names or [name for name in names(program) if name not in current]
        found = workers.map(lambda name: proved(program, name, options.evaluations), wanted)
        for name, results in zip(wanted, found, strict=True):
            for result in results:
                report(result)
            useful = [result for result in results if is_useful(result, known)]
            bounds = [bound for bound in bounds if bound["activation"] != name] + [entry(result) for result in useful]
            save(bounds)


if __name__ == "__main__":
    main()
