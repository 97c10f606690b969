"""No call keeps memory, whether it succeeds or fails; `python tests/leaks.py 1000000` for longer."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("calls", [3000, pytest.param(1_000_000, marks=pytest.mark.exhaustive)])
def test_memory_stays_as_it_is(calls):
    command = [sys.executable, Path(__file__).parents[1] / "leaks.py", str(calls)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
