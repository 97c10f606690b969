"""Arrays for property tests: any bits, dense values, and values around all numbers at which a kernel changes course."""

import functools
import re

import numpy as np
from conftest import bends, usual_parameters
from core import CORE, tables
from hypothesis import strategies as st

PLAIN_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
STEPS = 4  # from a join, to either side
LARGE = 200_000  # elements: enough for two threads, whatever the function
SPAN_ELEMENTS = 64  # elements: in every kind of float, this many in a row touch each span that a kernel looks at


@functools.cache
def range_limits():
    """Activation -> the largest |x| that is in range, in float32 and float64, as functions.def has it; 0: none is."""
    limits = {name: activation.limits for name, activation in tables.read().activations.items()}
    return {name: {np.float32: np.float32(f32), np.float64: np.float64(f64)} for name, (f32, f64) in limits.items()}


@functools.cache
def thresholds():
    """The plain numbers in the kernels, as thresholds of x, of 2 x or of the power of two in e^x, and their roots."""
    sources = [CORE / "kernels" / "vecmath.h", *sorted((CORE / "activations").glob("*.h"))]
    numbers = {float(number) for path in sources for number in PLAIN_NUMBER.findall(path.read_text())}
    values = np.array(sorted(numbers - {0}))
    powers = np.log(2) * np.concatenate([values - 0.5, values + 0.5])
    values = np.concatenate([values, powers])
    return np.unique(np.concatenate([values, values / 2, values * 2, np.sqrt(2 * np.abs(values))]))


@functools.lru_cache
def joins(name, dtype):
    """Where an activation may go from one formula to another, overflow or vanish: positive numbers, and 0."""
    kind = np.finfo(dtype)
    ends = [kind.smallest_subnormal, kind.smallest_normal, kind.max, kind.eps, np.sqrt(kind.max)]
    logarithms = np.log(np.array([kind.max, kind.smallest_normal, kind.smallest_subnormal]))
    with np.errstate(over="ignore"):
        values = np.concatenate(
            [
                [0, range_limits()[name][dtype]],
                bends(name, usual_parameters(name)),
                thresholds(),
                ends,
                logarithms,
                logarithms / 2,
                np.sqrt(2 * np.abs(logarithms)),
            ]
        ).astype(dtype)
    return np.unique(np.abs(values))


def stepped(values, steps):
    """Floats a number of steps away from others, up or down; past an infinity there is NaN."""
    integer = np.dtype(f"i{values.dtype.itemsize}").type
    bits = values.view(integer)
    ordered = np.where(bits < 0, np.iinfo(integer).min - bits, bits) + np.asarray(steps, integer)
    return np.where(ordered < 0, np.iinfo(integer).min - ordered, ordered).view(values.dtype)


def mixed(name, dtype, count, seed):
    """`count` numbers: a third of any bits, a third in [-130, 130], a third within a few steps of a join."""
    rng = np.random.default_rng(seed)
    third = -(-count // 3)
    bits = rng.integers(0, 256, third * np.dtype(dtype).itemsize, np.uint8).view(dtype)
    dense = rng.uniform(-130, 130, third).astype(dtype)
    near = stepped(rng.choice(joins(name, dtype), third), rng.integers(-STEPS, STEPS + 1, third))
    near = np.copysign(near, rng.choice([-1, 1], third).astype(dtype))  # a product would warn of a signalling NaN
    return rng.permutation(np.concatenate([bits, dense, near]))[:count]


@st.composite
def arrays(draw, name, dtype, count):
    """A mixed array with some numbers of Hypothesis's choice in it; `count` is a strategy or a number."""
    size = draw(count) if isinstance(count, st.SearchStrategy) else count
    x = mixed(name, dtype, size, draw(st.integers(0, 2**32 - 1)))
    width = np.dtype(dtype).itemsize * 8
    special = draw(st.lists(st.tuples(st.integers(0, size - 1), st.floats(width=width)), max_size=8))
    with np.errstate(invalid="ignore"):  # a signalling NaN, made quiet
        for place, value in special:
            x[place] = value
    return x


def seeds():
    return st.integers(0, 2**32 - 1)
