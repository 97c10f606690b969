"""What was built is what the project says, and does not change the process that imports it."""

import importlib.metadata

import pytest
from calls import run_python

import fastact

SUBNORMALS = """
import numpy as np
import fastact
tiny = np.array([1e-40], np.float32), np.array([1e-310])
assert (tiny[0] * np.float32(0.5))[0] > 0
assert (tiny[1] * 0.5)[0] > 0
fastact.silu(np.ones(1_000_000, np.float32))
assert (tiny[0] * np.float32(0.5))[0] > 0
assert (tiny[1] * 0.5)[0] > 0
"""


def test_version_is_that_of_the_distribution():
    try:
        version = importlib.metadata.version("fastact")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("fastact is imported from a source tree that is not installed")
    assert fastact.__version__ == version


def test_subnormals_survive_the_import_and_a_call():
    """With -ffast-math at link, importing a library turns them off in the whole process."""
    run = run_python(SUBNORMALS)
    assert (run.returncode, run.stderr) == (0, "")


def test_show_runtime_names_the_machine(capsys):
    fastact.show_runtime()
    printed = capsys.readouterr().out
    for fact in (fastact.__version__, fastact._ufuncs.isa(), f"{fastact.get_num_threads()} (OpenMP: "):
        assert fact in printed
