"""Calls of ufuncs with any operands, options and methods give what plain ones on contiguous copies give, or raise."""

import numpy as np
from calls import UFUNCS, activation_of, outputs, parameters_of

from fastact import _ufuncs
from fastact._docs import REQUIRED_VALUE

from .hostile import REFUSALS, array_like, calm, number_like
from .operands import FLOATS, OTHERS, REALS, Place, Room, demand_same, native, reference_counts, tangled
from .source import Source

CASTINGS = ("same_kind", "unsafe", "safe", "no", "equiv", "any", None, 3)
METHODS = ("__call__", "__call__", "reduce", "accumulate", "reduceat", "outer", "at")


def plain_call(data):
    """Call with nothing but inputs, parameters and outputs: what fastact's own paths are for."""
    run(Source(data), plain=True)


def any_call(data):
    """Call with everything else that ufuncs know, and their methods."""
    run(Source(data), plain=False)


def run(draw, plain):
    ufunc = draw.choose(UFUNCS)
    method = "__call__" if plain else draw.choose(METHODS)
    with calm(draw.choose((1, 2, 3))):
        if method == "__call__":
            Call(draw, ufunc, plain).run()
        else:
            call_method(draw, ufunc, method)


# --- What results have to be ----------------------------------------------------------------------------------------


def computed_type(inputs):
    """Return the type in which a ufunc computes; None: it refuses these inputs."""
    common = np.result_type(*inputs)
    if common.kind in "biu":
        return np.dtype(np.float64)
    return np.dtype(common.type) if common.kind == "f" and common.itemsize <= 8 else None


def expected(ufunc, inputs, shape, dtype):
    """Compute on contiguous copies, with every parameter an array."""
    flat = [np.broadcast_to(np.asarray(x).astype(dtype), shape).ravel() for x in inputs]
    with calm(1):
        results = ufunc(*map(native, flat))
    return [result.reshape(shape) for result in outputs(results)]


def assign(values, target, where=True):
    """Return what a target holds after values were written to it; None: not known, as an integer cannot hold them."""
    held = native(target)
    if held.dtype.kind in "biu" and not (np.abs(values[np.broadcast_to(where, values.shape)]) < 127).all():
        return None
    np.copyto(held, values, casting="unsafe", where=where)
    return held


# --- Calls -----------------------------------------------------------------------------------------------------------


class Call:
    """A call of a ufunc, drawn from a source."""

    def __init__(self, draw, ufunc, plain):
        self.draw, self.ufunc, self.plain = draw, ufunc, plain
        self.room, self.strange, self.options = Room(draw), False, {}
        self.shape = self.room.shape()
        self.dtype = draw.choose(FLOATS if plain else REALS)
        self.inputs = [self.draw_array(self.shape) for _ in range(ufunc.nin - len(parameters_of(ufunc)))]
        self.arrays = list(self.inputs)
        self.draw_parameters()
        self.asked = None
        if not plain:
            self.draw_options()
        self.outputs = [None] * ufunc.nout
        if draw.below(2):
            self.draw_outputs()
        self.args = self.given()

    def draw_array(self, shape):
        """Draw an input that broadcasts to a shape, or something else."""
        draw = self.draw
        if draw.one_in(24):
            self.strange = True
            return array_like(draw, self.room.arrays())
        dtype = draw.choose(REALS) if draw.one_in(8) else self.dtype
        if draw.one_in(64):
            dtype, self.strange = draw.choose(OTHERS), True
        if draw.one_in(6):
            shape = tuple(1 if draw.one_in(2) else length for length in shape)[draw.below(len(shape) + 1) :]
        if draw.one_in(32):
            shape, self.strange = self.room.shape(), True
        array = self.room.array(self.room.place(shape, dtype))
        array.flags.writeable = not draw.one_in(8)
        return array

    def draw_parameters(self):
        """Draw values of the parameters: None where one is left to its default."""
        draw, defaults = self.draw, _ufuncs.table[activation_of(self.ufunc)]
        self.parameters = {}
        for name, default in defaults.items():
            way = draw.below(8)
            value = None if default is not None else REQUIRED_VALUE
            if way in (1, 2):
                value = draw.choose((0.5, 2, -1.25, 0, 1e-3, 30.0))
            elif way == 3:
                value = self.draw_array(self.shape)
            elif way == 4:
                value = draw.choose((np.float32, np.float64, np.float16, np.array))(0.75)
            elif way == 5 and draw.one_in(2):
                self.strange = True
                value = number_like(draw, self.room.arrays())
            self.parameters[name] = value

    def draw_outputs(self):
        draw, shape = self.draw, self.shape
        for k in range(self.ufunc.nout):
            if draw.one_in(4):
                continue
            if draw.one_in(24):
                self.strange = True
                self.outputs[k] = array_like(draw, self.room.arrays())
                continue
            dtype = self.dtype if self.dtype in FLOATS else "f8"
            if draw.one_in(6):
                dtype, self.strange = draw.choose((*REALS, *OTHERS)), True
            if draw.one_in(32):
                shape, self.strange = self.room.shape(), True
            place = self.room.place(shape, dtype)
            self.outputs[k] = place
        self.read_only = draw.one_in(24)
        self.strange |= self.read_only

    def draw_options(self):
        draw, options = self.draw, self.options
        if draw.one_in(3):  # alone: NumPy's masked loops lose elements of an output that lies over the mask and is cast
            place = self.room.place(self.shape if draw.below(4) else self.shape[1:], "?", alone=True)
            options["where"] = self.room.array(place)
            self.arrays.append(options["where"])
        if draw.one_in(4):
            options["casting"] = draw.choose(CASTINGS)
            self.strange = True
        if draw.one_in(4):
            self.asked = draw.choose(("f2", "f4", "f8", ">f4", "i4", "g", "?", "O", None, "nonsense", 5))
            if draw.below(2):
                options["dtype"] = self.asked
            else:
                count = self.ufunc.nin + self.ufunc.nout
                options["signature"] = draw.choose(((self.asked,) * count, (None,) * count, ("f4",), "f->f", "e" * 99))
            self.strange = True
        if draw.one_in(6):
            options["order"] = draw.choose("KCFA")
        if draw.one_in(6):
            options["subok"] = draw.choose((True, False))
        if draw.one_in(24):
            self.strange = True
            options[draw.choose(("axis", "keepdims", "x", "extobj", "", "out_", "é", "initial", "order", "where"))] = (
                number_like(draw, self.room.arrays())
            )

    def given(self):
        """Arrange the arguments: positional, or by keyword."""
        draw, args = self.draw, list(self.inputs)
        for name, value in self.parameters.items():
            if value is None:
                continue
            if len(args) == self.ufunc.nin - len(self.parameters) + list(self.parameters).index(name) and draw.below(2):
                args.append(value)
            else:
                self.options[name] = value
        targets = [self.output(k) for k in range(self.ufunc.nout)]
        if len(args) == self.ufunc.nin and draw.below(2):
            args += targets
        elif any(out is not None for out in targets):
            self.options["out"] = targets[0] if len(targets) == 1 and draw.below(2) else tuple(targets)
            if draw.one_in(32):
                self.strange = True
                self.options["out"] = draw.choose((targets, (*targets, None), (), targets[0], {}, 1))
        if draw.one_in(64):
            self.strange = True
            args = args[: draw.below(len(args) + 1)] if draw.below(2) else [*args, number_like(draw, [])]
        return args

    def output(self, k):
        """Return the k-th output as it is given."""
        place = self.outputs[k]
        if not isinstance(place, Place):
            return place
        made = self.room.array(place)
        if self.read_only:
            made.flags.writeable = False
        return made

    def places(self):
        """Return the numbers of the outputs that are arrays in the room, and their places."""
        return {k: place for k, place in enumerate(self.outputs) if isinstance(place, Place)}

    def run(self):
        before, places = self.room.copy(), self.places()
        counts = reference_counts(self.args)
        wanted = None if self.strange else self.model()
        try:
            results = self.ufunc(*self.args, **self.options)
        except REFUSALS:
            assert self.strange, "refused"
            if self.options.get("casting") != "unsafe":  # elements of objects are cast one by one
                self.room.check(before, [(place, None) for place in places.values()] if self.wraps() else [])
            return
        if self.strange:
            self.room.check(before, [(place, None) for place in places.values()])
        else:
            self.check(before, places, outputs(results), wanted)
        del results
        assert counts == reference_counts(self.args)

    def wraps(self):
        """Whether an output's own method, which comes last, may raise what ends the call."""
        return any(out is not None and not isinstance(out, Place) for out in self.outputs)

    def model(self):
        """Return the shape and the values of the results, and what given outputs hold after the call."""
        defaults = parameters_of(self.ufunc)
        values = [v if v is not None else defaults[name] for name, v in self.parameters.items()]
        inputs, where = [*self.inputs, *values], self.options.get("where", True)
        places = self.places()
        shape = np.broadcast_shapes(*map(np.shape, inputs), np.shape(where), *(p.shape for p in places.values()))
        dtype = computed_type(inputs)
        results = expected(self.ufunc, inputs, shape, dtype)
        held = {k: assign(results[k], self.room.array(place), where) for k, place in places.items()}
        return results, held, np.array(np.broadcast_to(where, shape))  # outputs may overwrite it

    def check(self, before, places, results, wanted):
        values, held, where = wanted
        is_tangled = tangled(list(places.values()))
        self.room.check(before, [(place, None if is_tangled else held[k]) for k, place in places.items()])
        for k, result in enumerate(results):
            if k in places:
                continue
            assert result.dtype == values[k].dtype
            assert result.shape == values[k].shape
            demand_same(
                np.where(where, result, 0).astype(result.dtype), np.where(where, values[k], 0).astype(result.dtype)
            )


# --- Methods ---------------------------------------------------------------------------------------------------------


def call_method(draw, ufunc, method):
    """Call a method, with an axis and what belongs to it, and compare with the calls that it stands for."""
    room, strange = Room(draw), False
    shape, dtype = room.shape(), draw.choose(FLOATS if draw.below(4) else REALS)
    if method == "outer":
        shape = shape[:2] if np.prod(shape[:2]) <= 40 else (3,)
    elif np.prod(shape) > 600:
        shape = (5, 16)
    x = room.place(shape, dtype)
    array = room.array(x)
    axis = draw.choose((0, -1, 1, 7, None, (0, 1), "x", 1.5))
    options, out = {}, None
    if method != "outer" and method != "at":
        options = {"axis": axis}
        strange |= isinstance(axis, (str, float, tuple)) or axis is None or not -len(shape) <= axis < len(shape)
        if draw.one_in(4):
            options["dtype"], strange = draw.choose(("f4", "f8", "f2", "i4", "g", "x")), True
    if method == "reduce" and draw.below(2):
        options |= {"keepdims": bool(draw.below(2)), "initial": draw.choose((0.5, -2, None, "x", 10**400, [1]))}
        strange |= not isinstance(options["initial"], (int, float)) or options["initial"] == 10**400
    strange |= ufunc.nin != 2 or ufunc.nout != 1
    wanted = None
    if not strange and array.size:
        wanted = model_of_method(ufunc, method, array, options)
    args = [array]
    if method == "reduceat":
        args.append([draw.below(9) for _ in range(draw.below(5) + 1)])
        length = shape[axis] if wanted is not None else 0
        strange |= max(args[1]) >= length
        if not strange:
            wanted = reduce_at(ufunc, array, args[1], axis)
    elif method == "at":
        where = [draw.below(9) - 4 for _ in range(draw.below(6))]
        args += [np.array(where, int), *(array.ravel()[:1] for _ in range(ufunc.nin - 1))]
        strange = True
    elif method == "outer":
        args.append(room.array(room.place((draw.below(20),), dtype)))
        wanted = None if strange else expected_outer(ufunc, *args)
    if wanted is not None and draw.below(2):
        out = room.place(wanted.shape, wanted.dtype)
        options["out"] = room.array(out)
        strange |= tangled([out])
    before = room.copy()
    try:
        result = getattr(ufunc, method)(*args, **options)
    except (*REFUSALS, IndexError):
        assert strange or not array.size, "refused"
        if method != "at":
            room.check(before, [])
        return
    written = [out] if out is not None else [x] if method == "at" else []
    known = wanted is not None and not strange
    room.check(before, [(place, wanted if known else None) for place in written])
    if known:
        demand_same(np.asarray(result), wanted)


def fold(ufunc, items, start):
    """Return all partial results of a reduction of arrays."""
    results = [items[0]] if start is None else [ufunc(start, items[0])]
    for item in items[1:]:
        results.append(ufunc(results[-1], item))
    return results


def model_of_method(ufunc, method, array, options):
    """Return what a reduction gives; for other methods an empty array."""
    if method not in ("reduce", "accumulate"):
        return np.empty(0)
    dtype = computed_type([array])
    axis, initial = options["axis"], options.get("initial")
    items = [native(item) for item in np.moveaxis(array, axis, 0).astype(dtype)]
    start = None if initial is None else np.full(items[0].shape, initial, dtype)
    with calm(1):
        results = fold(ufunc, items, start)
    if method == "accumulate":
        return np.moveaxis(np.array(results), 0, axis)
    result = np.asarray(results[-1])
    return np.expand_dims(result, axis) if options.get("keepdims") else result


def reduce_at(ufunc, array, places, axis):
    """Return what reduceat gives, by its definition."""
    items = [native(item) for item in np.moveaxis(array, axis, 0).astype(computed_type([array]))]
    results = []
    with calm(1):
        for k, start in enumerate(places):
            end = places[k + 1] if k + 1 < len(places) else len(items)
            results.append(fold(ufunc, items[start:end] if end > start else items[start : start + 1], None)[-1])
    return np.moveaxis(np.array(results), 0, axis)


def expected_outer(ufunc, a, b):
    shape = (*a.shape, *b.shape)
    return expected(ufunc, [a.reshape(a.shape + (1,) * b.ndim), b], shape, computed_type([a, b]))[0]
