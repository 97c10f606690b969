"""All functions by name, for the commands that measure time and errors: activations, and layers, all the others."""

import argparse
from typing import Any, NamedTuple

import fastact
from fastact import _softmax_docs, _ufuncs
from fastact._docs import REQUIRED_VALUE
from fastact._names import nearest


class Call(NamedTuple):
    """How an operation is called."""

    arguments: tuple[str, ...]  # names of operands, and values
    arrays: int  # of the size of x that it reads and writes


_ALONG_AXIS = {"forward": Call(("x",), 2), "backward": Call(("dy", "result"), 3)}
_OPERANDS = {"y": "result", "gate": "x"}  # of a ufunc -> as a race names them


def _call_of_ufunc(name: str, operation: str) -> Call:
    arrays = [_OPERANDS.get(array, array) for array in _ufuncs.arrays_of(name, operation)]
    required = [str(REQUIRED_VALUE) for default in _ufuncs.table.get(name, {}).values() if default is None]
    return Call((*arrays, *required), len(arrays) + _ufuncs.get(name, operation).nout)


LAYERS = {  # function -> operation -> call; result is what forward returned, x the gate of a pair
    **{name: {op: _call_of_ufunc(name, op) for op in _ufuncs.operations(name)} for name in _ufuncs.gated},
    **dict.fromkeys(_softmax_docs.FORMULAS, _ALONG_AXIS),
    "logsumexp": {"forward": Call(("x", "-1"), 1)},
    **{
        name: {"forward": Call(("x", vector), 2), "backward": Call(("dy", "x", vector), 3)}
        for name, vector in (("prelu", "weight"), ("bias_act", "bias"))
    },
}
FUNCTIONS = (*_ufuncs.table, *LAYERS)


def function_name(text: str) -> str:
    """Read the name of a function, as an argument of a command."""
    if text not in FUNCTIONS:
        raise argparse.ArgumentTypeError(f"unknown function {text!r}{nearest(text, FUNCTIONS)}")
    return text


def operations(name: str) -> tuple[str, ...]:
    return tuple(LAYERS[name]) if name in LAYERS else _ufuncs.operations(name)


def get(name: str, operation: str = "forward") -> Any:
    """Return the function of an operation, which has the attributes that are documented."""
    if name in _ufuncs.table or name in _ufuncs.gated:
        return _ufuncs.get(name, operation)
    function = getattr(fastact, name)
    return function if operation == "forward" else getattr(function, operation)


def parameters(name: str) -> dict[str, float]:
    """Return the parameters of an activation and their defaults; layers have none."""
    defaults = _ufuncs.table.get(name, {})
    return {parameter: REQUIRED_VALUE if value is None else value for parameter, value in defaults.items()}


def call_of(name: str, operation: str) -> Call:
    """Return how an operation is called; parameters are left out where they have defaults."""
    return LAYERS[name][operation] if name in LAYERS else _call_of_ufunc(name, operation)
