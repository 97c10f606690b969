"""The ufuncs, as parameters of tests."""

import numpy as np
import pytest
from calls import PARAMETRIC, UFUNCS, name_of, one_per_path

FLOATS = [np.float16, np.float32, np.float64]
every_ufunc = pytest.mark.parametrize("ufunc", UFUNCS, ids=name_of)
each_path = pytest.mark.parametrize("ufunc", one_per_path(UFUNCS), ids=name_of)
each_path_with_parameters = pytest.mark.parametrize("ufunc", one_per_path(PARAMETRIC), ids=name_of)
