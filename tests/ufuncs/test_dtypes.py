"""Every dtype, of NumPy and of other packages, in the place of every operand of every entry."""

import subprocess
import sys
from pathlib import Path

import calls
import pytest
from dtypes import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_every_type_is_computed_or_refused(family):
    """In a process of its own: a type that is taken for another one ends in a crash."""
    options = ["--full"] if calls.FULL else []
    command = [sys.executable, "-X", "faulthandler", Path(__file__).parents[1] / "dtypes.py", family, *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
