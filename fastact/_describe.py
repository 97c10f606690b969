"""What NumPy does not have for a ufunc: its place, its signature, its documentation, its derivatives."""

from inspect import Parameter, Signature

import numpy as np

from fastact import _docs, _gated_docs, _ufuncs, reference

_UFUNC_OPTIONS = {
    "where": True,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
    "signature": None,
}


def describe(name: str) -> np.ufunc:
    """Complete the ufuncs of an activation or a gated pair and hang its derivatives on it; return it."""
    function = _ufuncs.get(name)
    is_gated = name in _ufuncs.gated
    doc = (_gated_docs if is_gated else _docs).DOCS[name]
    for operation in _ufuncs.operations(name):
        ufunc = _ufuncs.get(name, operation)
        ufunc.__module__ = "fastact"
        ufunc.__qualname__ = ufunc.__name__
        ufunc.__signature__ = signature(ufunc, name, operation)
        bounds = {dtype: _ufuncs.error_bound(name, operation, dtype) for dtype in ("float32", "float64")}
        if is_gated:
            ufunc.__doc__ = _gated_docs.docstring(name, operation, bounds)
        else:
            ufunc.__doc__ = _docs.docstring(name, operation, _ufuncs.table[name], bounds)
        ufunc.reference = reference.get(name, operation)
        if ufunc is not function:
            setattr(function, operation, ufunc)
    function.formula = doc.formula
    function.derivative = doc.derivative
    return function


def signature(ufunc: np.ufunc, name: str, operation: str) -> Signature:
    """Tell how a ufunc is called: like those of NumPy, with its parameters before out."""
    parameters = _ufuncs.table.get(name, {})
    is_gated = name in _ufuncs.gated
    no_outputs = None if ufunc.nout == 1 else (None,) * ufunc.nout
    return Signature(
        [
            *(
                Parameter(array, Parameter.POSITIONAL_ONLY, default=None if array == "up" else Parameter.empty)
                for array in _ufuncs.arrays_of(name, operation)
            ),
            *(
                Parameter(p, Parameter.POSITIONAL_OR_KEYWORD, default=Parameter.empty if value is None else value)
                for p, value in parameters.items()
            ),
            Parameter("out", Parameter.POSITIONAL_OR_KEYWORD, default=no_outputs),
            *([Parameter("axis", Parameter.KEYWORD_ONLY, default=-1)] if is_gated else []),
            *(Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in _UFUNC_OPTIONS.items()),
        ]
    )
