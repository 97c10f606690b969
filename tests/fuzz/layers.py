"""Softmax and its like, layers and gated pairs on halves: what they give for contiguous copies, or an exception."""

import math

import numpy as np
from calls import UFUNCS, outputs

import fastact as fa
from fastact import _ufuncs
from fastact._docs import REQUIRED_VALUE

from .hostile import REFUSALS, array_like, calm, number_like
from .operands import FLOATS, OTHERS, REALS, Room, demand_same, native, reference_counts, tangled
from .source import Source

MOST_ELEMENTS = 1 << 24
AXES = (-1, 0, 1, None, -2, (0, 1), (1, 0), (-1, -1), 2, 7, (), np.int8(1), 1.0, "0")


def call(data):
    """Call softmax, prelu, bias_act or one of their like, a backward_params, or a gated pair on halves."""
    draw = Source(data)
    way = draw.choose(
        (call_along_axes, call_along_axes, call_prelu, call_bias_act, call_backward_params, call_on_halves)
    )
    case = Case(draw)
    way(draw, case, case.room.shape())


def call_along_axes(draw, case, shape):
    function, names = draw.choose(
        (
            (fa.softmax, "x"),
            (fa.logsumexp, "x"),
            (fa.softmax.backward, "dy y"),
            (fa.log_softmax, "x"),
            (fa.softmin, "x"),
            (fa.log_softmax.backward, "dy y"),
            (fa.softmin.backward, "dy y"),
        )
    )
    case.arrays = [case.draw_array(shape) for _ in names.split()]
    if draw.below(2):
        case.options["axis"] = draw.choose(AXES)
    if function is fa.logsumexp and draw.below(2):
        case.options["keepdims"] = bool(draw.below(2))
    case.run(function, lambda: function(*case.copies(), **case.options))


def call_prelu(draw, case, shape):
    axis = draw.choose((1, 0, -1, 2, 9, "1", None))
    function, count = draw.choose(((fa.prelu, 1), (fa.prelu.backward, 2)))
    case.arrays = [case.draw_array(shape) for _ in range(count)]
    case.arrays.append(case.draw_vector(shape, axis, 0.25))
    case.options["axis"] = axis
    case.run(function, lambda: function(*case.copies(), **case.options))


def call_bias_act(draw, case, shape):
    axis = draw.choose((-1, 0, 1, -2, 9, "1", None))
    function, count = draw.choose(((fa.bias_act, 1), (fa.bias_act.backward, 2)))
    case.arrays = [case.draw_array(shape) for _ in range(count)]
    case.arrays.append(case.draw_vector(shape, axis, [0.5]))
    name = draw.choose(tuple(_ufuncs.table))
    case.options |= {"axis": axis, "activation": name}
    if draw.one_in(4):
        case.options["activation"] = draw.choose(
            (getattr(fa, name), "", "gelu ", np.exp, fa.swiglu, None, 3, fa.silu.grad)
        )
    case.draw_parameters(name, shape)
    case.run(function, lambda: function(*case.copies(), **case.copied_options()))


def call_backward_params(draw, case, shape):
    name = draw.choose([name for name in _ufuncs.table if _ufuncs.table[name]])
    function = getattr(fa, name).backward_params
    case.arrays = [case.draw_array(shape) for _ in range(2)]
    case.draw_parameters(name, shape)
    case.run(function, lambda: function(*case.copies(), **case.copied_options()))


def call_on_halves(draw, case, shape):
    function = draw.choose([ufunc for ufunc in UFUNCS if ufunc.__name__.partition(".")[0] in _ufuncs.gated])
    axis = draw.choose((-1, 0, 1, -2, 5, "1", None))
    at = -1
    if shape and draw.below(8):
        at = axis if isinstance(axis, int) and -len(shape) <= axis < len(shape) else -1
        shape = tuple(2 * n if k == at % len(shape) else n for k, n in enumerate(shape))
    case.arrays = [case.draw_array(shape) for _ in range(function.nin - 1)]
    if function.nin == 3 and draw.below(8):
        case.arrays[0] = case.draw_array(
            tuple(n // 2 if k == at % len(shape) else n for k, n in enumerate(shape)) if shape else ()
        )
    if draw.below(2):
        case.arrays.append(None)
    case.options["axis"] = axis
    case.run(function, lambda: function(*case.copies(), **case.options))


class Case:
    """A call: its arrays, options and output."""

    def __init__(self, draw):
        self.draw, self.room, self.options = draw, Room(draw), {}
        self.dtype = draw.choose(FLOATS if draw.below(4) else (*REALS, *OTHERS))
        self.threads = draw.choose((1, 2, 3))
        self.strange = False

    def draw_array(self, shape):
        draw = self.draw
        if draw.one_in(24):
            self.strange = True
            return array_like(draw, self.room.arrays())
        if draw.one_in(24):
            shape = self.room.shape()
        return self.room.array(self.room.place(shape, draw.choose(REALS) if draw.one_in(12) else self.dtype))

    def draw_vector(self, shape, axis, plain):
        """Draw a vector along an axis, a number or something else."""
        draw = self.draw
        if draw.one_in(4):
            return draw.choose((plain, 1, np.float64(2), [0.5], np.array([1.0, 2.0])))
        if draw.one_in(24):
            self.strange = True
            return number_like(draw, [])
        length = shape[axis] if isinstance(axis, int) and -len(shape) <= axis < len(shape) else 1
        return self.draw_array((length,))

    def draw_parameters(self, name, shape):
        """Draw values for parameters of an activation: numbers, or arrays that broadcast."""
        draw = self.draw
        for parameter, default in _ufuncs.table[name].items():
            way = draw.below(6)
            if way == 0 and default is not None:
                continue
            self.options[parameter] = REQUIRED_VALUE
            if way == 1:
                own = tuple(n if draw.below(2) else 1 for n in shape)[draw.below(len(shape) + 1) :]
                self.options[parameter] = self.draw_array(own)
            elif way == 2 and draw.one_in(3):
                self.strange = True
                self.options[parameter] = number_like(draw, [])
        if draw.one_in(48):
            self.strange = True
            self.options[draw.choose(("beta", "nothing", "x", "out", "axis"))] = number_like(draw, [])

    def copies(self):
        return [native(array) if type(array) is np.ndarray else array for array in self.arrays]

    def copied_options(self):
        return {k: native(v) if type(v) is np.ndarray else v for k, v in self.options.items()}

    def run(self, function, plain):
        """Call with the arrays as they are, perhaps with an output, and compare with what `plain` gives."""
        sizes = [a.size for a in (*self.arrays, *self.options.values()) if isinstance(a, np.ndarray) and a.size > 1]
        if math.prod(sorted(set(sizes))) > MOST_ELEMENTS:  # as many as they may broadcast to
            return
        wanted = error = place = None
        if not self.strange:
            with calm(1):
                try:
                    wanted = plain()
                except (TypeError, ValueError, OverflowError) as refused:
                    error = type(refused)
        first = None if wanted is None else outputs(wanted)[0]
        bad_out = False
        if self.draw.below(2):
            shape, dtype = (np.shape(first), first.dtype) if first is not None else (self.room.shape(), self.dtype)
            if self.draw.one_in(8):
                shape, dtype, bad_out = self.room.shape(), self.draw.choose((*REALS, *OTHERS)), True
            place = self.room.place(shape, dtype)
            self.options["out"] = self.room.array(place)
            if self.draw.one_in(24):
                self.options["out"].flags.writeable, bad_out = False, True
            if self.draw.one_in(24):
                self.options["out"], place, bad_out = array_like(self.draw, []), None, True
                self.strange = True  # it may take over the call
        before = self.room.copy()
        counts = reference_counts(self.arrays)
        with calm(self.threads):
            try:
                results = function(*self.arrays, **self.options)
            except REFUSALS:
                assert self.strange or bad_out or error is not None, "refused"
                self.room.check(before, [])
                return
        assert self.strange or error is None, "accepted"
        known = wanted is not None and not bad_out
        if place is None:
            self.room.check(before, [])
        else:
            self.room.check(before, [(place, np.asarray(first) if known and not tangled([place]) else None)])
        if known:
            for k, (result, want) in enumerate(zip(outputs(results), outputs(wanted), strict=True)):
                if k or place is None:
                    demand_same(np.asarray(result), np.asarray(want))
        del results
        assert counts == reference_counts(self.arrays), "references"
