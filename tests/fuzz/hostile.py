"""Objects that do not keep to what they promise, and what may be raised because of them."""

import warnings
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import numpy as np
from conftest import on_threads
from numpy._core.multiarray import get_handler_name

import fastact as fa


class Broken(Exception):
    """What hostile objects raise."""


# What bad input may raise. Anything else, such as SystemError, is a mistake of ours.
REFUSALS = (TypeError, ValueError, OverflowError, MemoryError, Broken)


def disturb(arrays):
    """Do to operands, in the middle of a call, what NumPy allows: resize them, which it refuses, and call again."""
    for array in arrays:
        try:
            array.resize(array.size + 1000)
        except ValueError:
            pass
        else:
            raise AssertionError("the memory of an operand was not kept")
        fa.relu(array.astype("f4", casting="unsafe") if array.dtype.kind in "biuf" else [1.0])


class ArrayLike:
    """Has an __array__ that does something unusual."""

    def __init__(self, does, arrays):
        self.does, self.arrays = does, arrays

    def __array__(self, dtype=None, copy=None):
        disturb(self.arrays)
        return self.does()


class NumberLike:
    """Has a __float__ and an __index__ that do something unusual."""

    def __init__(self, does, arrays):
        self.does, self.arrays = does, arrays

    def __float__(self):
        disturb(self.arrays)
        return self.does()

    __index__ = __float__


class Overriding:
    """Has an __array_ufunc__ that does something unusual."""

    def __init__(self, does):
        self.does = does

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return self.does()


class NoUfunc:
    __array_ufunc__ = None

    def __array__(self, dtype=None, copy=None):
        return np.ones(3)


class Subclass(np.ndarray):
    """An array of another type."""


class BadFinalize(np.ndarray):
    def __array_finalize__(self, given):
        if type(given) is BadFinalize:
            raise Broken


class BadWrap(np.ndarray):
    def __array_wrap__(self, *given, **options):
        raise Broken


class BadPriority:
    __array_priority__ = "high"

    def __array_wrap__(self, *given, **options):
        raise Broken

    def __len__(self):
        return -1


def broken():
    raise Broken


def nested(depth):
    made = 1.0
    for _ in range(depth):
        made = [made]
    return made


FAILURES = (
    broken,
    lambda: None,
    lambda: "1",
    lambda: 1,
    lambda: 2.5,
    lambda: np.ones(3),
    lambda: np.array(None),
    object,
)


def array_like(draw, arrays):
    """Draw something hostile in the place of an array."""
    return draw.choose(
        (
            lambda: ArrayLike(draw.choose(FAILURES), arrays),
            lambda: Overriding(draw.choose((*FAILURES, lambda: NotImplemented))),
            NoUfunc,
            BadPriority,
            lambda: np.ones(3).view(draw.choose((Subclass, BadFinalize, BadWrap, np.matrix, np.ma.MaskedArray))),
            lambda: np.broadcast_to(np.float32(1), (1 << 42, draw.choose((1, 3)))),
            lambda: draw.choose(
                (None, "1", b"1", 1j, 10**400, -(2**70), {}, {1: 2}, set(), Ellipsis, slice(1), range(4))
            ),
            lambda: draw.choose(
                ([], [[]], [1, [2, 3]], [1.5, None], [1, "2"], (x for x in [1]), nested(80), [True, 2])
            ),
            lambda: draw.choose(
                (Fraction(1, 3), Decimal(1), np.ones, np.float32, memoryview(b"ab"), np.array([1, None]))
            ),
            lambda: np.array(["1", "x"], draw.choose(("U1", "S1", "O"))),
            lambda: np.random.default_rng,
        )
    )()


def number_like(draw, arrays):
    """Draw something hostile in the place of a number."""
    return draw.choose(
        (
            lambda: NumberLike(draw.choose(FAILURES), arrays),
            lambda: draw.choose((10**400, 1 << 63, -1, 0, 1e300, float("nan"), float("-inf"), True, 5e-324)),
            lambda: draw.choose((None, "1", b"", 1j, [], [1, 2], {}, Fraction(1, 3), Decimal("nan"), Ellipsis)),
            lambda: draw.choose((np.float32(2), np.float16(1), np.longdouble(1), np.int8(1), np.complex64(1))),
            lambda: array_like(draw, arrays),
        )
    )()


@contextmanager
def calm(threads):
    """Ignore warnings, which are no refusals, and demand that settings of the process stay."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), on_threads(threads):
        warnings.simplefilter("ignore")
        yield
        assert get_handler_name() == "default_allocator"
