"""Neural-network activation functions and their derivatives, as fast and accurate NumPy ufuncs.

Each activation, such as `fastact.silu`, is a `numpy.ufunc` with these attributes:

- `grad`, `backward`, `value_and_grad` and `grad_<parameter>`: ufuncs for its derivatives;
- `backward_from_output`, if the output tells its derivative, as that of `sigmoid` does: a ufunc that takes it for x;
- `backward_params`, if it has parameters: a function for the gradients with respect to them and the input;
- `formula`, `derivative`: what it and its derivative compute, as text;
- `reference`: the same in plain NumPy and float64, written to be read.

Gated pairs, such as `fastact.swiglu(gate, up)`, are ufuncs as well, with `backward`, `formula`, `derivative` and
`reference`.

`softmax`, `log_softmax`, `softmin` and `logsumexp` are functions along an axis, with `formula`, `reference` and all but
the last `backward`.
"""

# Only compiled modules use _halves, _softmax_docs and _softmax_reference. Programs that collect the modules of an
# application do not look there, but here.
from fastact import _channels, _halves, _softmax_docs, _softmax_reference, _threadpoolctl, _ufuncs  # noqa: F401
from fastact._describe import describe
from fastact._layers import backward_params, bias_act, prelu
from fastact._names import missing_attribute
from fastact._paths import get_include, get_library_dir
from fastact._runtime import show_runtime
from fastact._softmax import log_softmax, logsumexp, softmax, softmin
from fastact._ufuncs import get_num_threads, get_pool_limit, set_num_threads, set_pool_limit

__version__ = _ufuncs.version()
__all__ = [
    "bias_act",
    "get_include",
    "get_library_dir",
    "get_num_threads",
    "get_pool_limit",
    "log_softmax",
    "logsumexp",
    "prelu",
    "set_num_threads",
    "set_pool_limit",
    "show_runtime",
    "softmax",
    "softmin",
    *_ufuncs.table,
    *_ufuncs.gated,
]

for _name in (*_ufuncs.table, *_ufuncs.gated):
    globals()[_name] = describe(_name)
for _name in filter(_ufuncs.table.get, _ufuncs.table):
    globals()[_name].backward_params = backward_params(_name)

_threadpoolctl.register(get_num_threads())


def __getattr__(name):
    """Import `views` when it is first asked for; say of other names what they are called here."""
    if name == "views":
        import fastact._view_docs  # as those above
        import fastact.views

        return fastact.views
    if name.startswith("_"):  # what the import system, inspect and others look for
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise missing_attribute(name, __all__)


def __dir__():
    return [*__all__, "reference", "views", *(name for name in globals() if name.startswith("__"))]
