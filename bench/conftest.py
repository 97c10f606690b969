"""What all benchmarks share."""

import numpy as np
import pytest

ALLOCATED = 1 << 24  # bytes, more than any intermediate result


@pytest.fixture(autouse=True, scope="session")
def kept_memory():
    """Free a large block: from then on glibc keeps blocks of that size, so that page faults are not what is timed."""
    np.empty(ALLOCATED, np.uint8)
