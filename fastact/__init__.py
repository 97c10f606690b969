"""Neural-network activation functions and their derivatives, as fast and accurate NumPy ufuncs."""

from fastact import _ufuncs
from fastact._ufuncs import get_num_threads, set_num_threads

__version__ = "0.1.0"

for _name in _ufuncs.table:
    globals()[_name] = _ufuncs.get(_name)
    for _operation in _ufuncs.operations(_name)[1:]:
        setattr(_ufuncs.get(_name), _operation, _ufuncs.get(_name, _operation))
