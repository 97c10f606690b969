"""What all benchmarks share."""

import pytest

from fastact import _runtime


@pytest.fixture(autouse=True, scope="session")
def kept_memory():
    _runtime._keep_freed_memory()
