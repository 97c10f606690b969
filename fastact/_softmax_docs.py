"""What the documentation says of softmax and its like, and how their docstrings are put together."""

FORMULAS = {
    "softmax": "exp(x) / sum(exp(x))",
    "log_softmax": "x - log(sum(exp(x)))",
    "softmin": "exp(-x) / sum(exp(-x))",
    "logsumexp": "log(sum(exp(x)))",
}

_DERIVATIVES = {
    "softmax": "y (dy - sum(dy y))",
    "log_softmax": "dy - exp(y) sum(dy)",
    "softmin": "-y (dy - sum(dy y))",
    "logsumexp": "dy softmax(x)",
}

_SUMMARIES = {
    "softmax": "Exponentials, divided by their sum: positive numbers whose sum along an axis is 1.",
    "log_softmax": "Logarithm of `fastact.softmax`.",
    "softmin": "Softmax of -x: the smallest entries have the largest shares.",
    "logsumexp": "Logarithm of the sum of exponentials: a smooth maximum.",
}

# The only place of these bounds, in ULP of float32 and float64; tests/layers/test_softmax_bounds.py checks them.
BOUND, LOGARITHMS_WITHOUT_FMA, GRADIENT_BOUND = 4, 5, 3
LOGSUMEXP_UNIT = "ULP of the larger of y and y - max(x)"
BACKWARD_UNITS = {
    "softmax": "eps y (abs(dy) + sum(abs(dy y)))",
    "log_softmax": "eps (abs(dy) + exp(y) sum(abs(dy)))",
    "softmin": "eps y (abs(dy) + sum(abs(dy y)))",
}
_LOGARITHM = f"in float32 and float64 ({LOGARITHMS_WITHOUT_FMA} on machines without FMA)"

_ERRORS = {
    "softmax": f"{BOUND} ULP in float32 and float64, subnormal results included",
    "log_softmax": f"{BOUND} ULP {_LOGARITHM}, next to 0 as well, where one entry outweighs all others",
    "softmin": f"{BOUND} ULP in float32 and float64, subnormal results included",
    "logsumexp": f"{BOUND} {LOGSUMEXP_UNIT} {_LOGARITHM}; only where these cancel is it more in ULP of y",
}

_SPECIAL_VALUES = {
    "softmax": """\
An entry of -inf gives 0. A row with NaN, with inf or with nothing but -inf is NaN, as in SciPy and PyTorch. An axis
without entries gives an array without entries.""",
    "log_softmax": """\
An entry of -inf gives -inf, and so do finite ones beside inf. inf gives NaN, as does -inf where there is nothing else,
and a row with NaN is NaN: all as in SciPy. An axis without entries gives an array without entries.""",
    "softmin": """\
An entry of inf gives 0. A row with NaN, with -inf or with nothing but inf is NaN. An axis without entries gives an
array without entries.""",
    "logsumexp": """\
A row with NaN is NaN; any other with inf is inf; one of nothing but -inf, or without entries, is -inf.""",
}

_EXAMPLES = {
    "softmax": """\
>>> fa.softmax([[0.0, 1.0, 2.0], [-np.inf, 5.0, 5.0]]).round(4)
array([[0.09  , 0.2447, 0.6652],
       [0.    , 0.5   , 0.5   ]])
>>> fa.softmax(np.zeros((2, 2), np.float32), axis=None)
array([[0.25, 0.25],
       [0.25, 0.25]], dtype=float32)""",
    "log_softmax": """\
>>> fa.log_softmax([0.0, 1.0, 2.0]).round(4)
array([-2.4076, -1.4076, -0.4076])
>>> [f"{y:.6g}" for y in fa.log_softmax([0.0, 100.0])]
['-100', '-3.72008e-44']""",
    "softmin": """\
>>> fa.softmin([0.0, 1.0, 2.0]).round(4)
array([0.6652, 0.2447, 0.09  ])""",
    "logsumexp": """\
>>> float(fa.logsumexp([1000.0, 1000.0]).round(4))
1000.6931
>>> fa.logsumexp(np.zeros((2, 3)), axis=-1).round(4)
array([1.0986, 1.0986])""",
}

_BACKWARD_EXAMPLES = {
    "softmax": "array([ 0.0819, -0.022 , -0.0599])",
    "log_softmax": "array([ 0.91  , -0.2447, -0.6652])",
    "softmin": "array([-0.2227,  0.1628,  0.0599])",
}

_X = """\
x : array_like
    Input, of real numbers. float32, float64 and float16 keep their type, booleans and integers give float64."""

_DY = """\
dy : array_like
    Gradient with respect to the output, of real numbers.
y : array_like
    Output of `fastact.{name}`, of the shape of dy."""

_AXIS = """\
axis : int, tuple of int or None, default {default}
    Along which to sum; None: over all axes."""

_KEEPDIMS = """
keepdims : bool, default False
    Whether the axes that were summed over stay, with one element."""

_OUT = """\
out : ndarray, optional
    Where to write the result{place}. By default a new array is made."""

_RAISES = """\
TypeError
    {inputs} complex, longdouble, object, a string or a lazy array, or has a mask or a unit, or `out` is no array or
    cannot hold the result.
ValueError
    {shapes}n axis is named twice, or `out` is read-only or has another shape.
numpy.exceptions.AxisError
    There is no such axis."""

_EVERYWHERE = """\
float16 is computed in float32. The result is the same for any layout of the arrays and any number of threads. Arrays
with gaps, and those whose axes are not next to each other in memory, are copied first. No floating-point warning is
ever raised."""

_REFERENCES = """
References
----------
.. [1] J. S. Bridle, "Probabilistic interpretation of feedforward classification network outputs, with relationships to
   statistical pattern recognition", Neurocomputing, NATO ASI Series F 68, 1990.
.. [2] P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA
   Journal of Numerical Analysis 41, 2021.
"""


def docstring(name):
    """Return the docstring of a function along an axis, in numpydoc style."""
    reduces = name == "logsumexp"
    default = "None, as in SciPy and other reductions" if reduces else "-1"
    returned = "Of the shape of x without the axes." if reduces else "Of the shape of x."
    return f"""{_SUMMARIES[name]}

Parameters
----------
{_X}
{_AXIS.format(default=default)}{_KEEPDIMS if reduces else ""}
{_OUT.format(place="" if reduces else "; it may be x")}

Returns
-------
y : ndarray or scalar
    {returned}

Raises
------
{_RAISES.format(inputs="x is", shapes="A")}

Notes
-----
    y = {FORMULAS[name]}

    dx = {_DERIVATIVES[name]}

Largest error, whatever the number of entries: {_ERRORS[name]}; 1 ULP in float16.

{_SPECIAL_VALUES[name]}

{_EVERYWHERE}
{_REFERENCES}
Examples
--------
>>> import numpy as np
>>> import fastact as fa
{_EXAMPLES[name]}
"""


def backward_docstring(name):
    """Return the docstring of the gradient of a function along an axis, in numpydoc style."""
    return f"""Gradient with respect to the input of `fastact.{name}`, from its output.

Parameters
----------
{_DY.format(name=name)}
{_AXIS.format(default="-1")}
{_OUT.format(place="; it may be dy or y")}

Returns
-------
dx : ndarray or scalar
    Of the shape of y, and the common type of dy and y.

Raises
------
{_RAISES.format(inputs="dy or y is", shapes="The shapes of dy and y differ, a")}

Notes
-----
    dx = {_DERIVATIVES[name]}

Largest error: {GRADIENT_BOUND} {BACKWARD_UNITS[name]}, eps being that of the type, or {GRADIENT_BOUND} times the
smallest subnormal number of the type if that is more; in float16 1 ULP more. Sums and differences on the way to a
finite result do not overflow.

{_EVERYWHERE}

Examples
--------
>>> import numpy as np
>>> import fastact as fa
>>> y = fa.{name}([0.0, 1.0, 2.0])
>>> fa.{name}.backward(np.array([1.0, 0.0, 0.0]), y).round(4)
{_BACKWARD_EXAMPLES[name]}
"""
