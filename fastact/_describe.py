"""What NumPy does not know about a ufunc: its place, its signature, its documentation, its derivatives."""

from inspect import Parameter, Signature

import numpy as np

from fastact import _docs, _ufuncs, reference

_UFUNC_OPTIONS = {
    "where": True,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
    "signature": None,
}


def describe(name: str) -> np.ufunc:
    """Complete the ufuncs of an activation and hang its derivatives on it; return the activation."""
    function = _ufuncs.get(name)
    for operation in _ufuncs.operations(name):
        ufunc = _ufuncs.get(name, operation)
        ufunc.__module__ = "fastact"
        ufunc.__qualname__ = ufunc.__name__
        ufunc.__signature__ = signature(ufunc, _ufuncs.table[name])
        bounds = {dtype: _ufuncs.error_bound(name, operation, dtype) for dtype in ("float32", "float64")}
        ufunc.__doc__ = _docs.docstring(name, operation, _ufuncs.table[name], bounds)
        ufunc.reference = reference.get(name, operation)
        if ufunc is not function:
            setattr(function, operation, ufunc)
    function.formula = _docs.DOCS[name].formula
    function.derivative = _docs.DOCS[name].derivative
    return function


def signature(ufunc: np.ufunc, parameters: dict[str, float | None]) -> Signature:
    """Tell how a ufunc is called: like those of NumPy, with its parameters before out."""
    arrays = ("dy", "x")[-(ufunc.nin - len(parameters)) :]
    no_outputs = None if ufunc.nout == 1 else (None,) * ufunc.nout
    return Signature(
        [
            *(Parameter(array, Parameter.POSITIONAL_ONLY) for array in arrays),
            *(
                Parameter(p, Parameter.POSITIONAL_OR_KEYWORD, default=Parameter.empty if value is None else value)
                for p, value in parameters.items()
            ),
            Parameter("out", Parameter.POSITIONAL_OR_KEYWORD, default=no_outputs),
            *(Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in _UFUNC_OPTIONS.items()),
        ]
    )
