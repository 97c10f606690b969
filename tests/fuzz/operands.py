"""Operands of calls: arrays of any layout, in memory that is known to the last byte."""

import functools
import math
import sys
from typing import NamedTuple

import numpy as np
from calls import assert_same

FLOATS = ("<f4", "<f8", "<f2", ">f4", ">f8", ">f2")
REALS = (*FLOATS, "i4", "?", "i1", "u8", "u2", ">i8")
OTHERS = ("c8", "c16", "g", "M8[s]", "m8[ms]", "S3", "V4", "f4,f4")  # no ufunc here computes with them
LENGTHS = (3, 1, 2, 0, 5, 8, 16, 17, 33, 100, 257, 500, 1030)
DIMENSIONS = (1, 2, 0, 3, 4, 1, 2, 7)
MOST = 4000  # elements, but for the rare large ones
LARGE = (12_000, 70_000)  # enough for threads, of a costly function and of a cheap one
LARGEST_SPAN = 1 << 24  # bytes of an array with gaps
SLACK = 48  # bytes around the elements, that nobody may touch
POOL = 1 << 16


@functools.cache
def bytes_of(dtype):
    """Elements of all sorts: any bits, ordinary numbers, special ones."""
    rng = np.random.default_rng(0)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, POOL, np.uint8).tobytes()
    if dtype.kind != "f":
        return rng.bytes(POOL)
    count = POOL // dtype.itemsize
    any_bits = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    special = rng.choice([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 6, 3, 0.5, 1e-40, 60000, -88, 710], count)
    which = rng.integers(0, 4, count)
    with np.errstate(all="ignore"):
        values = np.choose(which, [rng.normal(scale=4, size=count), special, special, rng.uniform(-120, 120, count)])
        return np.where(rng.integers(0, 4, count) == 0, any_bits, values.astype(dtype)).tobytes()


class Place(NamedTuple):
    """Where an array lies in the memory of a call."""

    memory: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype

    def view(self, memory):
        """Return the array."""
        return np.ndarray(self.shape, self.dtype, memory, self.offset, self.strides)

    def touches_itself(self):
        """Whether two elements share a byte."""
        first = elements(self)
        return first.size > 1 and np.diff(first).min() < self.dtype.itemsize


def reach(shape, strides, item):
    """Return where the memory of an array begins, from its first element, and how many bytes it has."""
    if 0 in shape:
        return 0, item
    ends = [(length - 1) * stride for length, stride in zip(shape, strides, strict=True)]
    low = sum(min(0, end) for end in ends)
    return low, item + sum(max(0, end) for end in ends) - low


def elements(place):
    """Return the sorted offsets of the elements of an array in its memory."""
    offsets = np.zeros((), np.int64)
    for length, stride in zip(place.shape, place.strides, strict=True):
        offsets = np.add.outer(offsets, np.arange(length) * stride)
    return np.sort(offsets.ravel()) + place.offset


def tangled(places):
    """Whether an array touches itself or another one, so that the last who wrote is right."""
    if any(place.touches_itself() for place in places):
        return True
    if len(places) < 2 or places[0].memory != places[1].memory:
        return False
    a, b = (elements(place) for place in places)
    item = max(place.dtype.itemsize for place in places)
    return bool(a.size and b.size and np.abs(a[:, None] - b[None, :]).min() < item) if a.size * b.size < 1e6 else True


class Room:
    """The memory of the operands of one call."""

    def __init__(self, source):
        self.source, self.memories, self.places, self.dense = source, [], [], False
        self.private = set()  # memories of one array each

    def shape(self):
        """Draw a shape."""
        draw = self.source
        lengths = [draw.choose(LENGTHS) for _ in range(draw.choose(DIMENSIONS))]
        while math.prod(max(length, 1) for length in lengths) > MOST:
            lengths.pop()
        if draw.one_in(40):
            lengths.append(draw.choose(LARGE) // max(math.prod(lengths), 1) + 1)
        return tuple(lengths)

    def strides(self, shape, item):
        """Draw the steps along the axes: dense in one order, with gaps, backwards, repeated, or anything."""
        draw = self.source
        kind = draw.below(4 if self.dense else 8)  # 0 to 2: C order; 3: Fortran order; else anything
        axes = list(range(len(shape)))
        if kind < 3:
            axes.reverse()
        strides = [0] * len(shape)
        if kind > 3:
            for k in range(len(axes) - 1):
                other = k + draw.below(len(axes) - k)
                axes[k], axes[other] = axes[other], axes[k]
        step = item
        for axis in axes:
            factor = draw.choose((1, 1, 1, -1, 2, 3, -2, 0)) if kind > 3 else 1
            strides[axis] = factor * step
            if kind == 7 and draw.one_in(4):
                strides[axis] = draw.below(65) - 32
            step = max(step, abs(strides[axis]) * max(shape[axis], 1))
        return tuple(strides)

    def place(self, shape, dtype, alone=False):
        """Put an array somewhere: in memory of its own, `alone` there, or where there is another one."""
        draw, dtype = self.source, np.dtype(dtype)
        item = dtype.itemsize
        alike = [place for place in self.places if (place.shape, place.dtype) == (shape, dtype)]
        way = 0 if alone else draw.below(8)
        if way == 7 and alike:
            self.places.append(draw.choose(alike))
            return self.places[-1]
        strides = self.strides(shape, item)
        if 0 in shape:
            strides = tuple(item for _ in shape)
        low, span = reach(shape, strides, item)
        if span > LARGEST_SPAN:
            strides = tuple(item * math.prod(shape[k + 1 :]) for k in range(len(shape)))
            low, span = reach(shape, strides, item)
        shared = [k for k in range(len(self.memories)) if k not in self.private]
        if way == 6 and (roomy := [k for k in shared if len(self.memories[k]) >= span]):
            memory = draw.choose(roomy)
            offset = draw.below(len(self.memories[memory]) - span + 1)
            if not draw.one_in(4):
                offset -= offset % item
        else:
            before = SLACK + (draw.below(item) if draw.one_in(8) else 0)
            size = before + span + draw.choose((SLACK, 0, 4 * SLACK))
            pool = bytes_of(dtype.str if dtype.names is None else "u4")
            phase = (SLACK // 2 + 8 * draw.below(256)) * item
            start = -before % item
            filled = pool[phase:] + pool * (size // POOL + 1)
            self.memories.append(bytearray(filled[start : start + size]))
            memory, offset = len(self.memories) - 1, before
            self.private |= {memory} if alone else set()
        offset -= low
        self.places.append(Place(memory, offset, shape, strides, dtype))
        return self.places[-1]

    def array(self, place):
        """Return the array at a place."""
        return place.view(self.memories[place.memory])

    def arrays(self):
        """Return all arrays so far."""
        return [self.array(place) for place in self.places]

    def copy(self):
        """Return what is in memory now."""
        return [bytes(memory) for memory in self.memories]

    def check(self, before, outputs):
        """Demand that nothing was written but `outputs`: pairs of a place and the values that it has to have.

        None for values: they are not known.
        """
        for number, (memory, old) in enumerate(zip(self.memories, before, strict=True)):
            wanted = bytearray(old)
            for place, values in outputs:
                if place.memory == number:
                    got = place.view(memory)
                    if values is not None:
                        demand_same(got, values)
                    place.view(wanted)[...] = got
            assert wanted == memory, "written outside the outputs"


def reference_counts(operands):
    """Return those of the arrays among the operands."""
    return [sys.getrefcount(operand) for operand in operands if isinstance(operand, np.ndarray)]


def native(array):
    """Copy an array into C order and the machine's byte order."""
    return np.array(array, array.dtype.newbyteorder("="), order="C")


def demand_same(got, want):
    """Demand the same shape, type but for byte order, and bits; any NaN equals any other."""
    assert got.shape == want.shape, (got.shape, want.shape)
    assert got.dtype.newbyteorder("=") == want.dtype.newbyteorder("="), (got.dtype, want.dtype)
    got, want = native(got), native(want)
    if got.tobytes() == want.tobytes():
        return
    assert got.dtype.kind in "fc", "other values"
    parts = f"f{got.dtype.itemsize // (2 if got.dtype.kind == 'c' else 1)}"
    assert_same(got.reshape(-1).view(parts), want.reshape(-1).view(parts))
