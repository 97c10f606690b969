"""Short runs of `python -m fastact bench` and what they wrote."""

import json
import subprocess
import sys
from functools import partial

import pytest
from calls import exit_status

from fastact._cli import _bench_report, _peers
from fastact._cli._peers import PEERS, BenchCase

QUICK = ("--rounds", "1", "--milliseconds", "0.001")
SMALL = (*QUICK, "--sizes", "16,2^11", "--threads", "1", "--peers", "numpy")
installed = [peer for peer in PEERS if not _peers.missing_modules(peer)]
bench = partial(exit_status, "bench")


def contents(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The file and the output of a small race against NumPy."""
    path = tmp_path_factory.mktemp("small") / "a.json"
    command = [sys.executable, "-m", "fastact", "bench", *SMALL, "--function", "silu", "tanh", "--json", path]
    run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=True)
    assert run.stderr == ""
    return path, run.stdout


def case(**changes):
    return BenchCase("silu", "forward", "float32", "contiguous", "fresh", (24,))._replace(**changes)


def record(**nanoseconds):
    return _bench_report.with_conditions(case(shape=(1000,))._asdict() | {"threads": 1, "nanoseconds": nanoseconds})


PROGRAM = (*QUICK, "--function", "silu", "--sizes", "2^11", "--peers", "numpy", "--between", "matmul,busy")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The file and the output of a small race in a program."""
    path = tmp_path_factory.mktemp("program") / "a.json"
    command = [sys.executable, "-m", "fastact", "bench", *PROGRAM, "--json", path]
    run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=True)
    assert run.stderr == ""
    return path, run.stdout
