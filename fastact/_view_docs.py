"""The docstrings of fastact.views."""

from fastact import _docs, _ufuncs

_MEMORY = "contiguous memory of float32 or float64"

_OPERANDS = {
    "dy": f"dy : {_MEMORY}\n    Gradient with respect to the output.\n",
    "x": f"x : {_MEMORY}\n    Input.\n",
    "y": f"y : {_MEMORY}\n    f(x), the output of the forward pass.\n",
}

_RAISES = """\
TypeError
    An argument lends no memory, or memory of other elements than the first; a parameter is no number.
ValueError
    Memory differs in shape or order, is not contiguous, aligned or writable, or an output shares memory with another
    operand, other than an input as a whole; `num_threads` is less than 1. Nothing is written then.
OverflowError
    A parameter is too large for the type of the elements."""

_NOTES = """\
The results are those of `fastact.{}`, bit for bit. Memory comes from the buffer protocol (NumPy, `array.array`,
`memoryview`, `ctypes`, casts of bytes), else DLPack, else `__array__`; it may have any number of dimensions, and all of
it has to be in C order or all in Fortran order. The interpreter lock is released for large work."""


def document(functions: dict[str, object]) -> None:
    """Give the functions of fastact.views, by name, their docstrings."""
    for name in _ufuncs.table:
        for operation in _ufuncs.operations(name):
            function = name if operation == "forward" else f"{name}_{operation}"
            functions[function].__doc__ = docstring(function, name, operation)


def docstring(function: str, name: str, operation: str) -> str:
    """Return the docstring of the function for an operation, in numpydoc style."""
    doc = _docs.DOCS[name]
    parameters = _ufuncs.table[name]
    bounds = {dtype: _ufuncs.error_bound(name, operation, dtype) for dtype in ("float32", "float64")}
    arrays = _ufuncs.arrays_of(name, operation)
    operands = "".join(_OPERANDS[array] for array in arrays)
    result, *derivative = _ufuncs.results_of(name, operation).values()
    out_grad = "\nout_grad : like x\n    Receives the derivative; it may not be `out`." if derivative else ""
    returned_grad = f"\nout_grad : the object given\n    {derivative[0]}." if derivative else ""
    values = "".join(_parameter(p, doc.parameters[p], default) for p, default in parameters.items())
    return f"""{_docs.summary(doc, name, operation)}

Parameters
----------
{operands}out : like {arrays[-1]}
    Receives the result; it may be an input.{out_grad}
{values}num_threads : int, default 1
    Large work is split among at most so many threads.

Returns
-------
out : the object given
    {result}.{returned_grad}

Raises
------
{_RAISES}

Notes
-----
{_docs.formulas(doc, operation)}

{_NOTES.format(name if operation == "forward" else f"{name}.{operation}")}

{_docs.error(doc, operation, bounds).replace("; 1 ULP in float16", "")}
{_docs.references(doc.sources)}
Examples
--------
>>> from array import array
>>> from fastact import views
>>> x = array("f", [-1, 0, 2])
{_example(function, len(arrays), bool(derivative), parameters)}
"""


def _parameter(name, description, default):
    kind = "float" if default is None else f"float, default {default:g}"
    return f"{name} : {kind}\n    {description}\n"


def _example(function, array_count, has_out_grad, parameters):
    arrays = ", ".join(['array("f", [1, 1, 1])'] * (array_count - 1) + ["x"])
    outputs = 'array("f", x), array("f", x)' if has_out_grad else 'array("f", x)'
    required = "".join(f", {p}={_docs.REQUIRED_VALUE}" for p, default in parameters.items() if default is None)
    left = "out, out_grad" if has_out_grad else "out"
    return f">>> {left} = views.{function}({arrays}, {outputs}{required})\n>>> len(out)\n3"
