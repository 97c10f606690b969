"""Exact results of every operation, from the formulas of the documentation by ball arithmetic; needs python-flint.

Arb evaluates and differentiates a formula by itself and encloses the result in a ball, whose precision is raised until
the ball is small.
"""

import ast
import contextlib
import functools
import math
import operator

import flint
import numpy as np

from fastact._docs import DOCS
from fastact._ufuncs import table

ENOUGH_BITS = 110  # two float64
VANISHING = -17_000  # binary exponent below the smallest longdouble


@functools.total_ordering
class Value:
    """What a series is at its centre, for comparisons; they raise ValueError where its bits do not tell."""

    def __init__(self, series):
        self.ball = series[0]

    def __eq__(self, other):
        return self.ball == other.ball  # both are exact

    def __lt__(self, other):
        if self.ball.overlaps(other.ball) and not self == other:
            raise ValueError("more bits are needed")
        return self.ball < other.ball


def number(digits):
    return flint.arb_series([flint.arb(digits)])


def call(function, argument):
    return ast.Call(ast.Name(function, ast.Load()), [argument], [])


class OnSeries(ast.NodeTransformer):
    """Lets an expression be evaluated for power series, and its numbers mean exactly what is written."""

    def __init__(self, formula):
        self.formula = formula

    def visit_Constant(self, node):
        return call("number", ast.Constant(ast.get_source_segment(self.formula, node)))

    def visit_Compare(self, node):
        left, *others = (call("Value", self.visit(operand)) for operand in (node.left, *node.comparators))
        return ast.Compare(left, node.ops, others)


@functools.cache
def compiled(formula):
    tree = OnSeries(formula).visit(ast.parse(formula, mode="eval"))
    return compile(ast.fix_missing_locations(tree), formula, "eval")


def names():
    """What math has, for series."""
    return FUNCTIONS | {"pi": number(flint.arb.pi()), "e": number(flint.arb.const_e())}


FUNCTIONS = {
    "number": number,
    "Value": Value,
    "min": functools.partial(min, key=Value),
    "max": functools.partial(max, key=Value),
    "abs": lambda x: max(x, -x, key=Value),
    "sinh": lambda x: (x.exp() - (-x).exp()) / 2,
    "cosh": lambda x: (x.exp() + (-x).exp()) / 2,
    "tanh": lambda x: 1 - 2 / ((2 * x).exp() + 1),
    "expm1": lambda x: x.exp() - 1,
    "log1p": lambda x: (1 + x).log(),
} | {name: operator.methodcaller(name) for name in vars(math).keys() & set(dir(flint.arb_series)) if name[0] != "_"}


def enclosed(name, operation, x, parameters):
    """Return the exact result: the middle of a ball of at least ENOUGH_BITS, or 0 where it vanishes.

    For backward_from_output x is the output y, and dy is 1.
    flint.ctx stays at the precision that was needed.
    """
    doc, from_output = DOCS[name], operation == "backward_from_output"
    formula, argument, order = (doc.from_output, "y", 0) if from_output else (doc.formula, "x", operation != "forward")
    variable = ["grad", *(f"grad_{p}" for p in table[name])].index(operation) if order else 0
    flint.ctx.cap = 2  # derivatives of first order
    for bits in (192, 512, 2048, 8192, 32768):
        flint.ctx.prec = bits
        operands = {
            operand: flint.arb_series([flint.arb(value), 1] if i == variable else [flint.arb(value)])
            for i, (operand, value) in enumerate(zip((argument, *table[name]), (x, *parameters), strict=True))
        }
        with contextlib.suppress(ValueError):  # a denominator that may be 0, as far as these bits tell
            ball = eval(compiled(formula), names() | operands)[order]
            precise = ball.is_finite() and ball.rel_accuracy_bits() > ENOUGH_BITS
            if precise or (ball.is_finite() and binade(ball.abs_upper()) < VANISHING):
                return ball.mid()
    raise ArithmeticError(f"{bits} bits are too few for {name} {operation} at {x!r}, {parameters}")


def in_words(name, operation, x, parameters):
    """Exact results for an array of finite float64 numbers, in the words of `two_words`.

    Not for an x where the function has a kink.
    """
    words, parameters = np.empty((2, len(x))), [float(value) for value in parameters]
    try:
        for i, at in enumerate(x):
            words[:, i] = two_words(enclosed(name, operation, float(at), parameters))
    finally:
        flint.ctx.default()
    return words


def two_words(value):
    """The rounded value, and 2^53 times what it lacks: so that a word below a subnormal number keeps its digits."""
    if binade(value) >= np.finfo(np.float64).maxexp:
        return (math.inf if value > 0 else -math.inf), 0.0
    high = float(value)
    return high, float((value - flint.arb(high)) * 2**53) if math.isfinite(high) else 0.0


def binade(ball):
    mantissa, exponent = ball.mid().man_exp()
    return int(exponent) + int(mantissa).bit_length() - 1 if mantissa else VANISHING * 10
