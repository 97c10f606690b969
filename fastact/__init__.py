"""Neural-network activation functions and their derivatives, as fast and accurate NumPy ufuncs.

Each activation, such as `fastact.silu`, is a `numpy.ufunc` with these attributes:

- `grad`, `backward`, `value_and_grad` and `grad_<parameter>`: ufuncs for its derivatives;
- `formula`, `derivative`: what it and its derivative compute, as text;
- `reference`: the same in plain NumPy and float64, written to be read.

`softmax`, `log_softmax`, `softmin` and `logsumexp` are functions along an axis, with `formula`, `reference` and all but
the last `backward`.
"""

from fastact import _ufuncs
from fastact._describe import describe
from fastact._paths import get_include, get_library_dir
from fastact._runtime import show_runtime
from fastact._softmax import log_softmax, logsumexp, softmax, softmin
from fastact._ufuncs import get_num_threads, set_num_threads

__version__ = _ufuncs.version()
__all__ = [
    "get_include",
    "get_library_dir",
    "get_num_threads",
    "log_softmax",
    "logsumexp",
    "set_num_threads",
    "show_runtime",
    "softmax",
    "softmin",
    *_ufuncs.table,
]

for _name in _ufuncs.table:
    globals()[_name] = describe(_name)
