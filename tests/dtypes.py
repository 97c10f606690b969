"""Every dtype at every entry: right results or a clean TypeError, and nothing written past `out`.

python tests/dtypes.py layers

tries one family of entries, with every dtype in the place of every operand, and ends with status 1 if one was wrong. It
runs in a process of its own, as what goes wrong here may end in a crash.
"""

import ctypes
import inspect
import itertools
import math
import sys
import tempfile
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

import calls
import numpy as np
from calls import UFUNCS, exit_status, one_per_path, outputs

import fastact as fa
from fastact import _ufuncs, views

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None
try:
    import torch
except ImportError:
    torch = None

SHAPE = (4, 150)  # enough elements that the interpreter lock is released
MANY = (2, 100_000)  # enough for threads
FLOATS = {np.dtype(code) for code in "efd"}
UNSIGNED = [np.dtype(code).newbyteorder(order) for code in np.typecodes["UnsignedInteger"] for order in "<>"]
GUARD = 64  # bytes before and behind an output
FILLED = 0xA5


def other_packages():
    """Return the types of ml_dtypes, and those that NumPy has to try its interface for such types with."""
    scalars = [getattr(ml_dtypes, name) for name in dir(ml_dtypes)] if ml_dtypes else []
    yield from (np.dtype(scalar) for scalar in scalars if isinstance(scalar, type) and issubclass(scalar, np.generic))
    with suppress(ImportError, AttributeError):
        from numpy._core._rational_tests import rational

        yield np.dtype(rational)
    with suppress(ImportError, AttributeError):
        yield np._core._multiarray_umath._get_sfloat_dtype()(1.0)


def all_dtypes():
    of_numpy = [np.dtype({"S": "S8", "U": "U8", "V": "V4", "M": "M8[s]", "m": "m8[s]"}.get(c, c)) for c in CODES]
    structured = [np.dtype([("a", "f4")]), np.dtype([("a", "f4"), ("b", "f4")]), np.dtype((np.float32, [("a", "i4")]))]
    native = [*of_numpy, *structured, np.dtypes.StringDType(), *other_packages()]
    return list(dict.fromkeys(itertools.chain(native, filter(None, map(swapped, native)))))


def swapped(dtype):
    with suppress(TypeError):  # some types have no order of bytes
        return dtype.newbyteorder()


CODES = np.typecodes["All"]
DTYPES = all_dtypes()


def filled(shape, dtype, seed=0):
    """Return an array of small numbers, or of what the type has for them."""
    if dtype == np.bool and seed:  # the sum of x and bias is not what it is as floats where both are true
        return np.zeros(shape, dtype)
    values = np.random.default_rng(seed).integers(0 if dtype in UNSIGNED else -3, 4, shape)
    with suppress(TypeError, ValueError), np.errstate(all="ignore"):
        return values.astype(np.float32).astype(dtype)
    return np.zeros(shape, dtype)


class Guarded:
    """An output with bytes on either side that nobody may write to; of objects there can be none."""

    def __init__(self, shape, dtype):
        size = math.prod(shape) * dtype.itemsize
        self.memory = np.full(size + 2 * GUARD, FILLED, np.uint8)
        try:
            self.array = self.memory[GUARD : GUARD + size].view(dtype).reshape(shape)
        except TypeError:
            self.array = np.zeros(shape, dtype)

    def holds(self):
        return (self.memory[:GUARD] == FILLED).all() and (self.memory[-GUARD:] == FILLED).all()

    def is_untouched(self):
        return (self.memory == FILLED).all()


def equal(a, b):
    """Compare two arrays of one type, numbers by value."""
    if a.dtype.num != b.dtype.num or a.shape != b.shape:
        return False
    if np.issubdtype(a.dtype, np.inexact):
        return np.array_equal(a, b, equal_nan=True)
    return bool(((a == b) | (a != a)).all()) if a.dtype.hasobject else a.tobytes() == b.tobytes()


def cast(array, dtype):
    with np.errstate(all="ignore"):
        return np.asarray(array).astype(dtype)


def computed_in(operands):
    """Return the type that a ufunc computes in: float64 for integers, otherwise the common one."""
    common = np.dtype(np.result_type(*operands).type)
    return common if common in FLOATS else np.dtype(np.float64)


def of_softmax(operands):
    """Return the type that softmax and its like compute in: each operand of integers counts as float64."""
    return computed_in([computed_in([operand]) for operand in operands])


def is_clean(error, dtype):
    """Whether an error names the type, or for borrowed memory its format."""
    names = str(dtype), repr(dtype), getattr(dtype.type, "__name__", type(dtype).__name__), "elements of format"
    return any(name in str(error) for name in names)


class Sweep:
    """What was tried, and what was wrong."""

    def __init__(self, computed_in):
        self.tried = self.computed = 0
        self.wrong = []
        self.computed_in = computed_in

    def check(self, name, dtype, call, operands, outs=()):
        """Call with operands, and with outputs if they are given; compare with the call on what they are cast to."""
        self.tried += 1
        guarded = [Guarded(shape, kind) for shape, kind in outs]
        given = [guard.array for guard in guarded]
        try:
            with np.errstate(all="ignore"):
                results = outputs(call(*operands, **({"out": tuple(given)} if given else {})))
        except TypeError as error:
            if not is_clean(error, dtype):
                self.report(name, dtype, f"{type(error).__name__}: {error}")
            if not all(guard.is_untouched() for guard in guarded if not guard.array.dtype.hasobject):
                self.report(name, dtype, "wrote to out, and then refused")
            return
        self.computed += 1
        kind = self.computed_in(operands)
        wanted = outputs(call(*(cast(operand, kind) for operand in operands)))
        for position, (got, want) in enumerate(zip(results, wanted, strict=True)):
            want = cast(want, given[position].dtype) if position < len(given) else np.asarray(want)
            if not equal(np.asarray(got), want):
                self.report(name, dtype, f"result {position} is wrong: {got.dtype}")
        if not all(guard.holds() for guard in guarded):
            self.report(name, dtype, "wrote past out")

    def report(self, name, dtype, text):
        self.wrong.append(f"{name}, {dtype!r}: {text}")

    def entry(self, name, call, shapes, out_shapes, dtypes=DTYPES):
        """Try every type in the place of each operand, of all of them, and of the outputs."""
        count = len(shapes)
        usual = [filled(shape, np.float32, seed) for seed, shape in enumerate(shapes)]
        places = [*((k,) for k in range(count)), *([range(count)] if count > 1 else [])]
        for dtype in dtypes:
            for chosen in places:
                operands = [filled(s, dtype, k) if k in chosen else usual[k] for k, s in enumerate(shapes)]
                self.check(name, dtype, call, operands)
                if chosen == places[-1]:
                    self.check(name, dtype, call, operands, [(s, np.dtype(np.float32)) for s in out_shapes])
                    self.check(name, dtype, call, operands, [(s, dtype) for s in out_shapes])
            self.check(name, dtype, call, usual, [(s, dtype) for s in out_shapes])


# --- Families of entries ---------------------------------------------------------------------------------------------


def single(function):
    """Call a function that takes one output, not a tuple."""
    return lambda *operands, out=(None,): function(*operands, out=out[0])


def ufuncs(sweep):
    for ufunc in one_per_path(UFUNCS):
        if ufunc.__name__.partition(".")[0] not in _ufuncs.gated:
            sweep.entry(ufunc.__name__, ufunc, [SHAPE] * ufunc.nin, [SHAPE] * ufunc.nout)
    with_threads(sweep, [fa.gelu, fa.swish.backward])


def with_threads(sweep, chosen):
    before = fa.get_num_threads()
    fa.set_num_threads(2)
    for ufunc in chosen:
        sweep.entry(f"{ufunc.__name__}, large", ufunc, [MANY] * ufunc.nin, [MANY] * ufunc.nout)
    fa.set_num_threads(before)


def pairs(sweep):
    for pair in one_per_path(getattr(fa, name) for name in _ufuncs.gated):
        name = pair.__name__
        half = (*SHAPE[:-1], SHAPE[-1] // 2)
        sweep.entry(name, pair, [SHAPE] * 2, [SHAPE])
        sweep.entry(f"{name}.backward", pair.backward, [SHAPE] * 3, [SHAPE] * 2)
        sweep.entry(f"{name} of halves", pair, [SHAPE], [half])
        sweep.entry(f"{name}.backward of halves", pair.backward, [half, SHAPE], [SHAPE])
    with_threads(sweep, [fa.swiglu])


def layers(sweep):
    bias = SHAPE[-1:]
    for axis, weight in ((1, bias), (0, SHAPE[:1])):
        sweep.entry("prelu", single(partial(fa.prelu, axis=axis)), [SHAPE, weight], [SHAPE])
        sweep.entry("prelu.backward", single(partial(fa.prelu.backward, axis=axis)), [SHAPE, SHAPE, weight], [SHAPE])
    swish = single(lambda *given, out: fa.bias_act(*given[:-1], "swish", beta=given[-1], out=out))
    swish_backward = single(lambda *given, out: fa.bias_act.backward(*given[:-1], "swish", beta=given[-1], out=out))
    sweep.entry("bias_act", single(fa.bias_act), [SHAPE, bias], [SHAPE])
    sweep.entry("bias_act, swish", swish, [SHAPE, bias, bias], [SHAPE])
    sweep.entry("bias_act.backward", single(fa.bias_act.backward), [SHAPE, SHAPE, bias], [SHAPE])
    sweep.entry("bias_act.backward, swish", swish_backward, [SHAPE, SHAPE, bias, bias], [SHAPE])
    for name, parameters in _ufuncs.table.items():
        if parameters:
            function = getattr(fa, name).backward_params
            shapes = [SHAPE, SHAPE, *[bias] * len(parameters)]
            sweep.entry(f"{name}.backward_params", single(function), shapes, [SHAPE])


def softmax(sweep):
    for function in (fa.softmax, fa.log_softmax, fa.softmin):
        for axis in (-1, 0, None):
            backward = single(partial(function.backward, axis=axis))
            sweep.entry(function.__name__, single(partial(function, axis=axis)), [SHAPE], [SHAPE])
            sweep.entry(f"{function.__name__}.backward", backward, [SHAPE] * 2, [SHAPE])
    for axis, shape in ((-1, SHAPE[:1]), (0, SHAPE[1:]), (None, ())):
        sweep.entry("logsumexp", single(partial(fa.logsumexp, axis=axis)), [SHAPE], [shape])


def exporter_kinds():
    """Return the names of all formats and types of memory of exporters, each with a function that makes it."""
    size = math.prod(SHAPE)
    for dtype in DTYPES:
        yield str(dtype), lambda dtype=dtype: filled(SHAPE, dtype)
    for code in "cbB?hHiIlLqQnNPfd":
        yield f"format {code}", lambda code=code: memoryview(bytearray(8 * size)).cast(code)
    structures = [type("Structure", (ctypes.Structure,), {"_fields_": [("a", kind)]}) for kind in C_TYPES]
    for kind in (*C_TYPES, *structures):
        yield f"ctypes {kind.__name__}", lambda kind=kind: (kind * size)()
    for kind in torch_dtypes():
        yield str(kind), lambda kind=kind: torch.zeros(SHAPE, dtype=kind)


def torch_dtypes():
    """Return the types of PyTorch that it makes tensors of."""
    for kind in {kind for kind in vars(torch).values() if isinstance(kind, torch.dtype)} if torch else ():
        with suppress(RuntimeError, NotImplementedError), warnings.catch_warnings(action="ignore"):
            torch.zeros(1, dtype=kind)
            yield kind


C_TYPES = [ctypes.c_float, ctypes.c_double, ctypes.c_int, ctypes.c_int64, ctypes.c_uint8, ctypes.c_longdouble]
EXPORTED_FLOATS = {"float32", "float64", "format f", "format d", "ctypes c_float", "ctypes c_double"}
EXPORTED_FLOATS |= {"torch.float32", "torch.float64"}
EXPORTER_KINDS = list(exporter_kinds())


def exporters(sweep):
    """Try memory of each type in the place of every operand of the functions of views."""
    named = {ufunc.__name__.replace(".", "_") for ufunc in one_per_path(UFUNCS)}
    for name in filter(named.__contains__, views.__all__):
        outs_from = 2 if "backward" in name else 1
        count = 3 if "backward" in name or "value_and_grad" in name else 2
        required = [0.5] * sum(p is inspect.Parameter.empty for p in defaults_of(getattr(views, name))[count:])
        for kind, make in EXPORTER_KINDS:
            for chosen in [*((k,) for k in range(count)), range(count)]:
                guarded = [Guarded(SHAPE, np.dtype(np.float32)) for _ in range(count)]
                operands = [make() if k in chosen else guard.array for k, guard in enumerate(guarded)]
                try_exporter(sweep, name, kind, [*operands, *required])
                if not all(guard.holds() for guard in guarded[outs_from:]):
                    sweep.report(name, kind, "wrote past out")


def defaults_of(function):
    return [parameter.default for parameter in inspect.signature(function).parameters.values()]


def try_exporter(sweep, name, kind, arguments):
    sweep.tried += 1
    try:
        getattr(views, name)(*arguments)
    except TypeError as error:
        if not str(error).startswith(("dy: ", "y: ", "x: ", "out: ", "out_grad: ")):
            sweep.report(name, kind, f"TypeError: {error}")
    except ValueError as error:
        if kind not in EXPORTED_FLOATS:
            sweep.report(name, kind, f"ValueError for a type: {error}")
    else:
        sweep.computed += 1
        if kind not in EXPORTED_FLOATS:
            sweep.report(name, kind, "was taken")


def references(sweep):
    """The formulas in NumPy take what the ufuncs do."""
    for dtype in DTYPES:
        sweep.tried += 1
        x = filled((5,), dtype)
        try:
            result = fa.silu.reference(x)
        except TypeError as error:
            if not is_clean(error, dtype):
                sweep.report("reference", dtype, str(error))
            continue
        sweep.computed += 1
        if dtype.num not in {np.dtype(code).num for code in "?bhilqBHILQefdg"}:
            sweep.report("reference", dtype, "was taken")
        if not np.array_equal(result, fa.silu.reference(x.astype(np.longdouble if dtype.char == "g" else np.float64))):
            sweep.report("reference", dtype, "is wrong")


def files(sweep):
    """`python -m fastact apply`: files that NumPy writes with a type that it does not know itself are of raw bytes."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npy"), Path(folder, "out.npy")
        for dtype in DTYPES:
            target.unlink(missing_ok=True)
            try:
                np.save(source, filled(SHAPE, dtype))
            except Exception:  # what cannot be written cannot be read
                continue
            sweep.tried += 1
            status = exit_status("apply", "gelu", source, target)
            if status == 0:
                sweep.computed += 1
                if not equal(np.load(target), fa.gelu(np.load(source))):
                    sweep.report("apply", dtype, "is wrong")
            elif target.exists() or not isinstance(status, int | str):
                sweep.report("apply", dtype, f"{status}")


FAMILIES = {f.__name__: f for f in (ufuncs, pairs, layers, softmax, exporters, references, files)}


def main(family):
    sweep = Sweep(of_softmax if family == "softmax" else computed_in)
    FAMILIES[family](sweep)
    print(*sweep.wrong[:50], sep="\n")
    print(f"{family}: {sweep.tried} calls, {sweep.computed} computed, {len(sweep.wrong)} wrong")
    return bool(sweep.wrong) or not 0 < sweep.computed < sweep.tried


if __name__ == "__main__":
    calls.FULL = "--full" in sys.argv
    sys.exit(main(sys.argv[1]))
