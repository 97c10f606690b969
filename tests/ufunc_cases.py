"""The ufuncs, as parameters of tests."""

import pytest
from calls import (
    UFUNCS,
    name_of,
    one_per_path,
)

each_path = pytest.mark.parametrize("ufunc", one_per_path(UFUNCS), ids=name_of)
