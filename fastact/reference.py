"""The activations and their derivatives as formulas in NumPy, written to be read and checked.

For an activation `silu` there are `silu(x)`, `silu_grad(x)` and, for every parameter, for instance `swish_grad_beta(x,
beta)`; for some `sigmoid_from_output(y)`, the derivative by x as a function of y = sigmoid(x). `get` finds them by
activation and operation. They share nothing with the compiled kernels. They compute in
float64, or in longdouble where an argument is longdouble, and hold a relative error of a few units in the last place
from one end of the range to the other, except near a root of a derivative, where the absolute error is that small.

Three devices make that so:

- Only exponentials of negative numbers are taken, and 1 - s(x) is written out as s(-x), so that nothing overflows and
  nothing cancels.
- Where a product such as x * exp(x) is larger than exp(x), which may already be subnormal, exp(x) enters as two
  factors exp(x / 2), the last of which is multiplied last.
- exp(z) has the relative error of z times |z|. Where z is itself computed, it is held as two words, `hi + lo`.
"""

import functools
import inspect
import re
from collections.abc import Callable

import numpy as np

from fastact._checks import is_real

_FORMULAS: dict[tuple[str, str], Callable] = {}  # (activation, operation) -> function
_SLOPES = {
    "backward": "grad",
    "backward_from_output": "from_output",
}  # operation -> the derivative that dy is multiplied by
_GATES = {"glu": "sigmoid", "reglu": "relu", "geglu": "gelu", "swiglu": "silu", "mish_glu": "mish"}


def get(name, operation="forward"):
    """The reference of one operation of one activation.

    Parameters
    ----------
    name : str
        The activation, such as "swish", or the gated pair, such as "swiglu".
    operation : str, optional
        "forward", "grad", "backward", "value_and_grad", "grad_<parameter>" or "backward_from_output".

    Returns
    -------
    callable
        Takes the operands of the ufunc of this operation, in the same order and with the same defaults.

    Raises
    ------
    ValueError
        There is no such activation, or it has no such operation.

    Examples
    --------
    >>> from fastact import reference
    >>> float(reference.get("swish", "grad_beta")(0.5, beta=0))
    0.0625
    """
    if name in _GATES and operation in ("forward", "backward"):
        return _gated(name, operation)
    if (name, _SLOPES.get(operation)) in _FORMULAS:
        return _backward(name, operation)
    if (name, "forward") in _FORMULAS and operation == "value_and_grad":
        return _value_and_grad(name)
    if (name, operation) not in _FORMULAS:
        raise ValueError(f"there is no reference for operation {operation!r} of activation {name!r}")
    return _FORMULAS[name, operation]


def _placed(function, name, operation):
    """Tell a function where pickle finds it: as the reference of its ufunc."""
    function.__module__ = "fastact"
    function.__qualname__ = f"{name}.reference" if operation == "forward" else f"{name}.{operation}.reference"
    return function


@functools.cache
def _backward(name, operation):
    derivative = _FORMULAS[name, _SLOPES[operation]]

    def backward(dy, x, *parameters, **named):
        with np.errstate(all="ignore"):
            return dy * derivative(x, *parameters, **named)

    return _placed(backward, name, operation)


@functools.cache
def _value_and_grad(name):
    value, grad = _FORMULAS[name, "forward"], _FORMULAS[name, "grad"]

    def value_and_grad(x, *parameters, **named):
        return value(x, *parameters, **named), grad(x, *parameters, **named)

    return _placed(value_and_grad, name, "value_and_grad")


@functools.cache
def _gated(name, operation):
    """What a gated pair computes, be it given one array to halve, of which the second half is the gate, or two."""
    f, f_grad = _FORMULAS[_GATES[name], "forward"], _FORMULAS[_GATES[name], "grad"]

    def forward(gate, up=None, *, axis=-1):
        if up is None:
            up, gate = np.split(np.asarray(gate), 2, axis)
        with np.errstate(all="ignore"):
            return f(gate) * up

    def backward(dy, gate, up=None, *, axis=-1):
        if up is None:
            up, gate = np.split(np.asarray(gate), 2, axis)
            dgate, dup = backward(dy, gate, up)
            return np.concatenate([dup, dgate], axis)
        with np.errstate(all="ignore"):
            return dy * up * f_grad(gate), dy * f(gate)

    return _placed(forward if operation == "forward" else backward, name, operation)


def _reference(formula):
    """Let a formula take anything array-like: one working type, NaN where an argument is, no warnings."""
    signature = inspect.signature(formula)

    @functools.wraps(formula)
    def on_arrays(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arrays = [np.asarray(argument) for argument in bound.args]
        for name, array in zip(signature.parameters, arrays, strict=True):
            if not is_real(array.dtype) and array.dtype.type is not np.longdouble:
                raise TypeError(f"{formula.__name__}: {name} has to hold real numbers, not {array.dtype}")
        longdouble = any(array.dtype.type is np.longdouble for array in arrays)
        arrays = np.broadcast_arrays(*(array.astype(np.longdouble if longdouble else np.float64) for array in arrays))
        with np.errstate(all="ignore"):
            unknown = np.any([np.isnan(array) for array in arrays], axis=0)
            return np.where(unknown, arrays[0].dtype.type(np.nan), formula(*arrays))[()]

    name, operation = re.fullmatch(r"(\w+?)(?:_(grad\w*|from_output))?", formula.__name__).groups("forward")
    _FORMULAS[name, operation] = on_arrays
    return on_arrays


# Piecewise linear. At a kink the derivative is the one PyTorch takes.


@_reference
def relu(x):
    return np.maximum(x, 0)


@_reference
def relu_grad(x):
    return np.where(x > 0, 1, 0)


@_reference
def relu6(x):
    return np.clip(x, 0, 6)


@_reference
def relu6_grad(x):
    return np.where((x > 0) & (x < 6), 1, 0)


@_reference
def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, _product(negative_slope, x))


@_reference
def leaky_relu_grad(x, negative_slope=0.01):
    return np.where(x > 0, 1, negative_slope)


@_reference
def leaky_relu_grad_negative_slope(x, negative_slope=0.01):
    return np.minimum(x, 0)


@_reference
def hard_tanh(x, min_val=-1.0, max_val=1.0):
    return np.clip(x, min_val, max_val)


@_reference
def hard_tanh_grad(x, min_val=-1.0, max_val=1.0):
    return np.where((x > min_val) & (x < max_val), 1, 0)


@_reference
def hard_tanh_grad_min_val(x, min_val=-1.0, max_val=1.0):
    return np.where((x <= min_val) & (min_val <= max_val), 1, 0)


@_reference
def hard_tanh_grad_max_val(x, min_val=-1.0, max_val=1.0):
    return np.where(np.maximum(x, min_val) >= max_val, 1, 0)


@_reference
def hard_sigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


@_reference
def hard_sigmoid_grad(x):
    return np.where(np.abs(x) < 3, x.dtype.type(1) / 6, 0)


@_reference
def hard_swish(x):
    return np.where(x <= -3, 0, x * (np.clip(x + 3, 0, 6) / 6))


@_reference
def hard_swish_grad(x):
    return np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6))


@_reference
def soft_shrink(x, lambd=0.5):
    return _if_not_negative(lambd, np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0)))


@_reference
def soft_shrink_grad(x, lambd=0.5):
    return _if_not_negative(lambd, np.where((x > lambd) | (x < -lambd), 1, 0))


@_reference
def soft_shrink_grad_lambd(x, lambd=0.5):
    return _if_not_negative(lambd, np.where(x > lambd, -1, np.where(x < -lambd, 1, 0)))


@_reference
def hard_shrink(x, lambd=0.5):
    return np.where((x >= -lambd) & (x <= lambd), 0, x)


@_reference
def hard_shrink_grad(x, lambd=0.5):
    return np.where((x >= -lambd) & (x <= lambd), 0, 1)


@_reference
def hard_shrink_grad_lambd(x, lambd=0.5):
    return np.zeros_like(x)


@_reference
def threshold(x, threshold, value):
    return np.where(x <= threshold, value, x)


@_reference
def threshold_grad(x, threshold, value):
    return np.where(x <= threshold, 0, 1)


@_reference
def threshold_grad_threshold(x, threshold, value):
    return np.zeros_like(x)


@_reference
def threshold_grad_value(x, threshold, value):
    return np.where(x <= threshold, 1, 0)


# Logistic. Throughout, h = exp(-|z| / 2) and e = h * h = exp(-|z|), so s(-|z|) = e / (1 + e) and s(|z|) = 1 / (1 + e).


@_reference
def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


@_reference
def sigmoid_grad(x):
    e = np.exp(-np.abs(x))
    return e / (1 + e) ** 2


@_reference
def sigmoid_from_output(y):
    return _less_square(y, y)


@_reference
def silu(x):
    return _times_sigmoid(x, _word(x))


@_reference
def silu_grad(x):
    return _times_sigmoid_grad(_saturated(x), _word(x))


@_reference
def swish(x, beta=1.0):
    return _times_sigmoid(x, _exact_product(beta, x))


@_reference
def swish_grad(x, beta=1.0):
    z = _exact_product(beta, x)
    return _times_sigmoid_grad(_saturated(z[0]), z)


@_reference
def swish_grad_beta(x, beta=1.0):
    h = _exp_half(_exact_product(beta, x))
    return (_product(x, h) / (1 + h * h)) ** 2


@_reference
def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@_reference
def log_sigmoid_grad(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, 1, e) / (1 + e)


@_reference
def log_sigmoid_from_output(y):
    return -np.expm1(np.minimum(y, 0))


@_reference
def softplus(x, beta=1.0):
    z = _exact_product(beta, x)
    h = _exp_half(z)
    return np.where(z[0] > 0, x, 0) + h * _log1p_ratio(h * h) / beta * h


@_reference
def softplus_grad(x, beta=1.0):
    z = _exact_product(beta, x)
    e = _exp_half(z) ** 2
    return np.where(z[0] < 0, e, 1) / (1 + e)


@_reference
def softplus_grad_beta(x, beta=1.0):
    # (z s(z) - log(1 + exp(z))) / beta^2 is even in z, and at -|z| both terms have the same sign.
    z = _exact_product(beta, x)
    h = _exp_half(z)
    e = h * h
    return -(h * (np.abs(_saturated(z[0])) / (1 + e) + _log1p_ratio(e)) / beta / beta * h)


@_reference
def softplus_from_output(y, beta=1.0):
    z = np.where(y == 0, _product(beta, y), beta * y)
    return -np.expm1(-np.maximum(z, 0))


@_reference
def mish(x):
    # tanh(log(1 + exp(x))) is n / (n + 2) with n = exp(x) (exp(x) + 2).
    h = _exp_half(_word(x))
    e = h * h
    n = e * (e + 2)
    positive = x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e)
    negative = _product(x, h) * (e + 2) / (n + 2) * h
    return np.where(x > 0, positive, negative)


@_reference
def mish_grad(x):
    x = _saturated(x)
    h = _exp_half(_word(x))
    e = h * h
    n = e * (e + 2)
    d = 1 + 2 * e + 2 * e * e
    positive = (1 + 2 * e) / d + 4 * x * e * e * (1 + e) / d**2
    negative = h * ((e + 2) * (n + 2) + 4 * x * (1 + e)) / (n + 2) ** 2 * h
    return np.where(x > 0, positive, negative)


# Exponential

_SELU_ALPHA, _SELU_SCALE = "1.6732632423543772848170429916717", "1.0507009873554804934193349852946"


@_reference
def elu(x, alpha=1.0):
    return np.where(x >= 0, x, alpha * np.expm1(x))


@_reference
def elu_grad(x, alpha=1.0):
    h = _exp_half(_word(x))
    below = np.where(np.isinf(alpha) & np.isfinite(x), alpha, alpha * h * h)
    return np.where(x > 0, 1, below)


@_reference
def elu_grad_alpha(x, alpha=1.0):
    return np.where(x > 0, 0, np.expm1(x))


@_reference
def elu_from_output(y, alpha=1.0):
    return np.where(y > 0, 1, y + alpha)


@_reference
def selu(x):
    return _selu_scale(x) * np.where(x > 0, x, _selu_alpha(x) * np.expm1(x))


@_reference
def selu_grad(x):
    h = _exp_half(_word(x))
    return _selu_scale(x) * np.where(x > 0, 1, _selu_alpha(x) * h * h)


@_reference
def selu_from_output(y):
    hi, lo = _multiply(_two_word_constant(y, _SELU_SCALE), _two_word_constant(y, _SELU_ALPHA))
    return np.where(y > 0, _selu_scale(y), (y + hi) + lo)


def _selu_alpha(x):
    return _constant(x, _SELU_ALPHA)


def _selu_scale(x):
    return _constant(x, _SELU_SCALE)


@_reference
def celu(x, alpha=1.0):
    z = x / alpha
    curved = np.abs(z) > np.finfo(x.dtype).eps  # below, z may be subnormal, and the curve is its tangent
    return _if_not_negative(alpha, np.where((x < 0) & curved, alpha * np.expm1(z), x))


@_reference
def celu_grad(x, alpha=1.0):
    hi, lo = _exact_quotient(x, alpha)
    return _if_not_negative(alpha, np.where(x < 0, np.exp(hi) * (1 + lo), 1))


@_reference
def celu_from_output(y, alpha=1.0):
    below = np.where(np.isinf(alpha) & np.isfinite(y), 1, (y + np.abs(alpha)) / np.abs(alpha))
    return _if_not_negative(alpha, np.where(y > 0, 1, below))


@_reference
def celu_grad_alpha(x, alpha=1.0):
    # expm1(z) - z exp(z) = -exp(z) (exp(-z) - 1 + z), of which the bracket is a power series from z^2 / 2 on.
    hi, lo = _exact_quotient(x, alpha)
    z = _saturated(hi)
    near = np.clip(z, -1, 1)
    series = -np.exp(near) * _exp_beyond_linear(-near)
    direct = (1 - z) * np.exp(z) * (1 + lo) - 1
    return _if_not_negative(alpha, np.where(x < 0, np.where(np.abs(z) < 1, series, direct), 0))


# Hyperbolic


@_reference
def tanh(x):
    return np.tanh(x)


@_reference
def tanh_grad(x):
    h = np.exp(-np.abs(x))
    return (2 * h / (1 + h * h)) ** 2


@_reference
def tanh_from_output(y):
    return _less_square(np.ones_like(y), y)


@_reference
def tanh_shrink(x):
    # x - tanh(x) = (x cosh(x) - sinh(x)) / cosh(x), of which the numerator is the sum of 2k / (2k + 1)! x^(2k + 1).
    near = np.clip(x, -1, 1)
    total = np.ones_like(x)
    for k in range(20, 0, -1):
        total = 1 + near * near / (2 * k * (2 * k + 3)) * total
    series = near**3 / 3 * total / np.cosh(near)
    return np.where(np.abs(x) < 1, series, x - np.tanh(x))


@_reference
def tanh_shrink_grad(x):
    return np.tanh(x) ** 2


@_reference
def softsign(x):
    a = np.abs(x)
    return np.copysign(np.where(a <= 1, a / (1 + a), 1 / (1 + 1 / a)), x)


@_reference
def softsign_grad(x):
    return (1 / (1 + np.abs(x))) ** 2


# Gaussian


@_reference
def gelu(x):
    a = np.abs(_saturated(x))
    h, ratio, correction = _normal_tail(a)
    tail = a * h * ratio * h + a * correction
    return np.where(x > 0, x - tail, -tail)


@_reference
def gelu_grad(x):
    # Phi(x) + x phi(x), and Phi(x) + Phi(-x) = 1.
    a = np.abs(_saturated(x))
    h, ratio, correction = _normal_tail(a)
    below = h * (ratio - a * _constant(x, "0.398942280401432677939946059934381868")) * h + correction
    return np.where(x < 0, below, 1 - below)


def _normal_tail(a):
    """h, r, c with Phi(-a) = h^2 r + c for a >= 0, all positive, h = exp(-a^2 / 4).

    Trapezoidal rule, midpoints at spacing s, for the integral of exp(-t^2 / 2) / (a^2 + t^2), which converges like
    exp(-2 pi^2 / s^2) once the poles at +-i a are accounted for (c); see Hunter and Regan, "A note on the evaluation of
    the complementary error function", Mathematics of Computation 26 (1972). digits is -log of the error aimed at.
    """
    pi = _constant(a, "3.14159265358979323846264338327950288420")
    digits = np.log(64 / np.finfo(a.dtype).eps)
    spacing = pi * np.sqrt(2 / digits)
    nodes = (np.arange(int(digits / pi + 1), dtype=a.dtype) + a.dtype.type(0.5)) * spacing
    square = _exact_product(a, a)
    total = sum(np.exp(-node * node / 2) / (square[0] + node * node) for node in nodes)
    correction = np.where(a < 2 * pi / spacing, 1 / (1 + np.exp(2 * pi * a / spacing)), 0)
    return _exp_half((square[0] / 2, square[1] / 2)), spacing * a / pi * total, correction


@_reference
def gelu_tanh(x):
    return _times_sigmoid(x, _gelu_tanh_argument(_saturated(x)))


@_reference
def gelu_tanh_grad(x):
    x = _saturated(x)
    slope = _constant(x, "1.59576912160573071175978423973752747390") * (1 + 3 * _constant(x, "0.044715") * x * x)
    return _times_sigmoid_grad(x * slope, _gelu_tanh_argument(x))


def _gelu_tanh_argument(x):
    """2 sqrt(2 / pi) (x + 0.044715 x^3) in two words: (1 + tanh(u)) / 2 is the sigmoid of 2u."""
    hi, lo = _multiply(_two_word_constant(x, "0.044715"), _exact_product(x, x))
    one_plus = _exact_sum(np.ones_like(x), hi)
    factor = _multiply((one_plus[0], one_plus[1] + lo), _word(x))
    return _multiply(factor, _two_word_constant(x, "1.59576912160573071175978423973752747390345"))


# What the formulas share


def _times_sigmoid(x, z):
    """Return x s(z), where z has the sign of x or the opposite one."""
    h = _exp_half(z)
    return np.where(z[0] < 0, _product(x, h) / (1 + h * h) * h, x / (1 + h * h))


def _times_sigmoid_grad(w, z):
    """s(z) + w s(z) s(-z): the derivative of x s(z) by x, with w = x dz/dx."""
    h = _exp_half(z)
    e = h * h
    return np.where(z[0] < 0, h * (1 + e + w) / (1 + e) ** 2 * h, (1 + e + w * e) / (1 + e) ** 2)


def _exp_half(z):
    """exp(-|z| / 2) for z in two words."""
    hi, lo = z
    return np.exp(-np.abs(hi) / 2) * (1 - np.sign(hi) * lo / 2)


def _log1p_ratio(e):
    """log(1 + e) / e."""
    return np.where(e > 0, np.log1p(e) / e, 1)


def _exp_beyond_linear(x):
    """exp(x) - 1 - x = x^2 / 2! + x^3 / 3! + ... for |x| <= 1; 40! is beyond the precision of any type."""
    total = np.ones_like(x)
    for k in range(40, 2, -1):
        total = 1 + x / k * total
    return x * x / 2 * total


def _saturated(x):
    """Hold x within bounds beyond which exp(-|x|), and all the faster exp(-x^2 / 2), is 0."""
    limit = -4 * np.log(np.finfo(x.dtype).smallest_subnormal)
    return np.clip(x, -limit, limit)


def _if_not_negative(parameter, y):
    """For a parameter that has to be positive, or 0 with the limit of positive ones."""
    return np.where(parameter >= 0, y, np.nan)


def _product(a, b):
    """Return a * b, with 0 for infinity times 0: the factor that is 0 got there first."""
    return np.where((a == 0) & np.isinf(b) | (b == 0) & np.isinf(a), 0, a * b)


def _less_square(a, b):
    """Return a - b * b, rounded once."""
    hi, lo = _exact_product(b, b)
    total, error = _exact_sum(a, -hi)
    return np.where(np.isfinite(total), total + (error - lo), total)


# Two-word arithmetic: the rounded result of an operation and its error, after Dekker and Knuth


def _word(x):
    return x, np.zeros_like(x)


def _exact_sum(a, b):
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _exact_product(a, b):
    """Works on mantissas, so that no intermediate overflows."""
    (a, a_exponent), (b, b_exponent) = np.frexp(a), np.frexp(b)
    hi = _product(a, b)
    (a_hi, a_lo), (b_hi, b_lo) = _halves(a), _halves(b)
    lo = ((a_hi * b_hi - hi) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo
    exponent = a_exponent + b_exponent
    return np.ldexp(hi, exponent), np.where(np.isfinite(lo), np.ldexp(lo, exponent), 0)


def _exact_quotient(a, b):
    """Works on mantissas, so that no correction is lost among subnormal numbers."""
    (mantissa, a_exponent), (b, b_exponent) = np.frexp(a), np.frexp(b)
    quotient = mantissa / b
    hi, lo = _exact_product(quotient, b)
    correction, exponent = ((mantissa - hi) - lo) / b, a_exponent - b_exponent
    return np.ldexp(quotient, exponent), np.where(np.isfinite(correction), np.ldexp(correction, exponent), 0)


def _multiply(a, b):
    """The product of two numbers of two words each."""
    hi, lo = _exact_product(a[0], b[0])
    return hi, lo + (a[0] * b[1] + a[1] * b[0])


def _halves(a):
    """Return a as the sum of two numbers of half its digits."""
    digits = np.finfo(a.dtype).nmant + 1
    scaled = a * (2 ** ((digits + 1) // 2) + 1)
    hi = scaled - (scaled - a)
    return hi, a - hi


def _constant(x, decimal):
    """A decimal number rounded to the type of x."""
    return x.dtype.type(decimal)


@functools.cache
def _two_word_decimal(dtype, decimal):
    hi = dtype.type(decimal)
    numerator, denominator = hi.as_integer_ratio()
    digits, unit = int(decimal.replace(".", "")), 10 ** len(decimal.partition(".")[2])
    return hi, dtype.type((digits * denominator - numerator * unit) / (unit * denominator))


def _two_word_constant(x, decimal):
    return _two_word_decimal(x.dtype, decimal)
