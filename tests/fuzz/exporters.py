"""fastact.views over any exporter of memory: what the ufuncs give, or an exception and nothing written."""

import array
import ctypes
import pickle

import numpy as np
from calls import outputs, parameters_of
from conftest import CASES

from fastact import _ufuncs, views

from .hostile import REFUSALS, ArrayLike, array_like, broken, calm, number_like
from .operands import FLOATS, OTHERS, REALS, Place, Room, demand_same, native, tangled
from .source import Source


class Exports:
    """Has a __dlpack__ that does something unusual."""

    def __init__(self, does):
        self.does = does

    def __dlpack__(self, **options):
        return self.does()

    def __dlpack_device__(self):
        return self.does() if isinstance(self.does, type) else (1, 0)


def exporter(draw, made):
    """Return something else that exports the memory of an array, or claims to."""
    way = draw.choose(
        (
            lambda: memoryview(made),
            lambda: ArrayLike(lambda: made, []),
            lambda: pickle.PickleBuffer(made),
            lambda: Exports(made.__dlpack__),
            lambda: memoryview(made).cast("B"),
            lambda: memoryview(bytearray(64)).cast(draw.choose("fdBcHlN?")),
            lambda: array.array(draw.choose("fdbBil"), range(8)),
            lambda: (draw.choose((ctypes.c_float, ctypes.c_double, ctypes.c_char, ctypes.c_longdouble)) * 8)(),
            lambda: (ctypes.c_float.__ctype_be__ * 8)(),
            lambda: Exports(draw.choose((broken, lambda: None, lambda: (1, 0), object, lambda: "x"))),
            lambda: draw.choose((b"12345678", bytearray(8), bytearray(), memoryview(b""))),
            lambda: array_like(draw, []),
        )
    )
    try:
        return way()
    except (TypeError, ValueError, BufferError):  # the array exports nothing in this way
        return made


def call(data):
    """Call a function of fastact.views."""
    draw = Source(data)
    name, operation = draw.choose(CASES)
    ufunc = _ufuncs.get(name, operation)
    function = getattr(views, name if operation == "forward" else f"{name}_{operation}")
    room, strange = Room(draw), False
    room.dense = bool(draw.below(4))
    shape, dtype = room.shape(), draw.choose(("<f4", "<f8") if draw.below(4) else (*REALS, *OTHERS))
    count = ufunc.nin - len(parameters_of(ufunc)) + ufunc.nout
    places = [draw_place(draw, room, shape, dtype) for _ in range(count)]
    arrays = [room.array(place) for place in places]
    given = list(arrays)
    if draw.one_in(6):
        arrays[draw.below(count)].flags.writeable = False
    if draw.one_in(3):
        k = draw.below(count)
        given[k], strange = exporter(draw, arrays[k]), True
    parameters = {}
    for parameter, default in _ufuncs.table[name].items():
        if default is None or draw.below(2):
            parameters[parameter] = draw.choose((0.25, 2, -1.5, 0))
            if draw.one_in(8):
                parameters[parameter], strange = number_like(draw, arrays), True
    options = {"num_threads": draw.choose((1, 2, 3, 1000))}
    if draw.one_in(12):
        options, strange = {draw.choose(("num_threads", "out", "", "n")): number_like(draw, arrays)}, True
    check(room, function, ufunc, places, arrays, given, parameters, options, strange)


def draw_place(draw, room, shape, dtype):
    if draw.one_in(24):
        dtype = draw.choose(FLOATS)
    if draw.one_in(24):
        shape = room.shape()
    return room.place(shape, dtype)


def fits(places, arrays, inputs):
    """Return whether the documentation promises a result."""
    first = arrays[0]
    c_order, f_order = (all(a.flags[order] for a in arrays) for order in ("C_CONTIGUOUS", "F_CONTIGUOUS"))
    targets = places[inputs:]
    return (
        first.dtype.str in ("<f4", "<f8")
        and all((a.dtype, a.shape) == (first.dtype, first.shape) for a in arrays)
        and (c_order or f_order)
        and all(a.flags.aligned or not a.size for a in arrays)
        and all(a.flags.writeable for a in arrays[inputs:])
        and not (len(targets) == 2 and overlap(*targets))
        and not any(overlap(a, out) and a.offset != out.offset for a in places[:inputs] for out in targets)
    )


def overlap(a: Place, b: Place):
    """Return whether contiguous arrays share memory."""
    size = int(np.prod(a.shape)) * a.dtype.itemsize
    return a.memory == b.memory and abs(a.offset - b.offset) < size


def check(room, function, ufunc, places, arrays, given, parameters, options, strange):
    inputs = len(places) - ufunc.nout
    fitting = fits(places, arrays, inputs)
    before = room.copy()
    wanted = None
    with calm(1):
        if fitting and not strange:
            wanted = outputs(ufunc(*map(native, arrays[:inputs]), **parameters))
        try:
            result = function(*given, **parameters, **options)
        except (*REFUSALS, BufferError):
            assert strange or not fitting, "refused"
            room.check(before, [])
            return
    assert fitting or strange or not arrays[0].size, "accepted"
    targets = places[inputs:]
    known = wanted is not None and not tangled(targets)
    room.check(before, [(place, np.asarray(wanted[k]) if known else None) for k, place in enumerate(targets)])
    if not strange:
        assert all(a is b for a, b in zip(outputs(result), given[inputs:], strict=True))
        if known:
            for k, place in enumerate(targets):
                demand_same(room.array(place), np.asarray(wanted[k]))
