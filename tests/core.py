"""The C sources, and what reads their tables when the package is built."""

import sys
from pathlib import Path

CORE = Path(__file__).parent.parent / "csrc"
sys.path.insert(0, str(CORE))

from generators import c_interface, tables  # noqa: E402

__all__ = ["CORE", "c_interface", "tables"]
