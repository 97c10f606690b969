"""Gated pairs: the products they stand for, to the last bit; their gradients; their bounds; halves of one array.

That they are ufuncs like the others, whatever the layout, type, path, thread or floating-point environment, is tested
with the others, by the list in calls.py.
"""

import ctypes
import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from calls import LAYOUTS, assert_same, make_array, one_per_path, outputs, run_python
from conftest import TYPES, WIDE_TYPES, WIDER, on_threads, points
from draws import LARGE, mixed
from test_docstrings import run_examples

import fastact as fa
from fastact import _roots, _ufuncs, reference
from fastact._cli._errors import root_of
from fastact._cli._ulp import ulp_error
from fastact._docs import DOCS

OPERANDS = {"forward": ("gate", "up"), "backward": ("dy", "gate", "up")}
SHAPES = [((6,), -1), ((6,), 0), ((4, 10), -1), ((4, 10), 0), ((4, 10), 1), ((4, 10), -2), ((2, 6, 5), 1)]

every_pair = pytest.mark.parametrize("name", _ufuncs.gated)
a_pair = pytest.mark.parametrize("name", [p.__name__ for p in one_per_path(getattr(fa, n) for n in _ufuncs.gated)])


def composed(name, *operands):
    """What NumPy makes of the activation: for gate and up the value, for dy, gate and up the gradients."""
    f = _ufuncs.get(_ufuncs.gated[name])
    *dy, gate, up = operands
    with np.errstate(all="ignore"):
        return (dy[0] * up * f.grad(gate), dy[0] * f(gate)) if dy else f(gate) * up


def computed(name, *operands, **options):
    return _ufuncs.get(name, "forward" if len(operands) == 2 else "backward")(*operands, **options)


# --- The products, to the last bit -----------------------------------------------------------------------------------


@every_pair
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_bits_are_those_of_the_composition(name, dtype, count, threads, isa):
    operands = [mixed(_ufuncs.gated[name], dtype, LARGE, seed) for seed in range(count)]
    with on_threads(threads):
        assert_same(computed(name, *operands), composed(name, *operands))
        short = [operand[:37] for operand in operands]
        assert_same(computed(name, *short), composed(name, *short))


@every_pair
@pytest.mark.parametrize("count", [2, 3])
def test_half_precision_is_rounded_once(name, count, isa):
    with np.errstate(all="ignore"):
        operands = [mixed(_ufuncs.gated[name], np.float32, 20_000, seed).astype(np.float16) for seed in range(count)]
        expected = composed(name, *(operand.astype(np.float32) for operand in operands))
        expected = tuple(output.astype(np.float16) for output in outputs(expected))
    assert_same(computed(name, *operands), expected)


@every_pair
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("count", [2, 3])
def test_special_values(name, dtype, count, isa):
    kind = np.finfo(dtype)
    special = [0.0, 1.0, np.inf, np.nan, kind.max, kind.tiny, kind.smallest_subnormal, 3.5]
    special = np.array([*special, *np.negative(special)], dtype)
    operands = [grid.ravel() for grid in np.meshgrid(*[special] * count)]
    with np.errstate(all="raise"):
        result = computed(name, *operands)
    assert_same(result, composed(name, *operands))


@a_pair
@pytest.mark.parametrize("count", [2, 3])
def test_operands_of_different_layouts(name, count):
    shape = (30, 50)
    for layouts in itertools.combinations(LAYOUTS, count):
        operands = [
            LAYOUTS[layout](shape, lambda shape, seed=seed: make_array(shape, seed=seed))
            for seed, layout in enumerate(layouts)
        ]
        assert_same(computed(name, *operands), composed(name, *(operand.astype(np.float32) for operand in operands)))


@a_pair
@pytest.mark.parametrize("size", [7, 48, 700, LARGE])
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("dtype", [np.float16, *TYPES])
def test_in_place_on_any_inputs(name, size, step, dtype):
    for count in (2, 3):
        expected = computed(name, *(make_array(size, dtype, seed) for seed in range(count)))
        for targets in itertools.permutations(range(count), count - 1):
            operands = [np.repeat(make_array(size, dtype, seed), step)[::step] for seed in range(count)]
            result = computed(name, *operands, out=tuple(operands[target] for target in targets))
            assert_same(result, expected)


@a_pair
def test_where_and_broadcasting(name):
    dy, gate, up = make_array((5, 1, 300)), make_array((4, 300), seed=1), make_array((4, 1), seed=2)
    mask = make_array((5, 4, 300), bool, seed=3)
    given = np.full((2, 5, 4, 300), 7, np.float32)
    computed(name, dy, gate, up, out=tuple(given), where=mask)
    assert_same(tuple(given), tuple(np.where(mask, full, np.float32(7)) for full in composed(name, dy, gate, up)))


# --- Gradients -------------------------------------------------------------------------------------------------------


@every_pair
def test_gradients_against_difference_quotients(name, isa):
    step = 2.0**-10
    gate, up = np.linspace(-9, 9, 2001)[np.newaxis], np.linspace(-3, 3, 7)[:, np.newaxis]
    gate = gate[np.abs(gate) > 3 * step][np.newaxis]  # the kink of relu
    dy = np.float64(1.25)

    def quotient(function):
        return (8 * (function(step) - function(-step)) - (function(2 * step) - function(-2 * step))) / (12 * step)

    dgate, dup = computed(name, dy, gate, up)
    np.testing.assert_allclose(dgate, dy * quotient(lambda h: computed(name, gate + h, up)), rtol=0, atol=1e-10)
    np.testing.assert_allclose(dup, dy * quotient(lambda h: computed(name, gate, up + h)), rtol=0, atol=1e-10)


@every_pair
def test_against_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functional = torch.nn.functional
    x, dy = make_array((7, 40), np.float64), make_array((7, 20), np.float64, seed=1)
    operand = torch.tensor(x, requires_grad=True)
    up, gate = operand.chunk(2, dim=-1)
    value = getattr(functional, _ufuncs.gated[name])(gate) * up
    if name == "glu":
        assert torch.equal(functional.glu(operand), value)
    value.backward(torch.tensor(dy))
    np.testing.assert_allclose(computed(name, x[:, 20:], x[:, :20]), value.detach().numpy(), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(getattr(fa, name)(x), value.detach().numpy(), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(getattr(fa, name).backward(dy, x), operand.grad.numpy(), rtol=1e-12, atol=1e-14)


# --- Bounds ----------------------------------------------------------------------------------------------------------


def spread(dtype, count, seed):
    """Numbers of either sign, of moderate size: products of three do not leave the range of a float32."""
    rng = np.random.default_rng(seed)
    return (rng.choice([-1, 1], count) * np.exp2(rng.uniform(-8, 8, count))).astype(dtype)


@every_pair
@pytest.mark.parametrize("dtype", WIDE_TYPES)
def test_errors_are_within_the_bounds(name, dtype, isa):
    f, kind, wider = _ufuncs.gated[name], np.finfo(dtype), WIDER[dtype]
    gate = points(dtype, 60_000)
    dy, up = spread(dtype, gate.size, 1), spread(dtype, gate.size, 2)
    value, grad = (reference.get(f, operation)(gate.astype(wider)) for operation in ("forward", "grad"))
    near = _roots.is_near(gate, grad, root_of(f, "grad", {}))
    dgate, dup = computed(name, dy, gate, up)
    for operation, got, factor, other, counts in (
        ("forward", computed(name, gate, up), value, up.astype(wider), True),
        ("forward", dup, value, dy.astype(wider), True),
        ("backward", dgate, grad, dy.astype(wider) * up.astype(wider), ~near),
    ):
        with np.errstate(all="ignore"):
            want = factor * other
            counts = counts & (np.abs(factor) >= kind.tiny) & (np.abs(want) >= kind.tiny) & (np.abs(want) <= kind.max)
        assert counts.mean() > 0.2
        assert ulp_error(got, want)[counts].max() <= _ufuncs.error_bound(name, operation, dtype)


@every_pair
@pytest.mark.parametrize("dtype", WIDE_TYPES)
def test_errors_near_the_root_are_absolute(name, dtype, isa):
    f, wider = _ufuncs.gated[name], WIDER[dtype]
    if not DOCS[f].root:
        pytest.skip(f"the derivative of {f} crosses no zero")
    gate = (float(DOCS[f].root) * (1 + np.linspace(-1, 1, 20_001) * _roots.DISTANCE)).astype(dtype)
    dy, up = spread(dtype, gate.size, 1), spread(dtype, gate.size, 2)
    product = dy.astype(wider) * up.astype(wider)
    derivative = reference.get(f, "grad")(gate.astype(wider))
    error = np.abs(computed(name, dy, gate, up)[0] - product * derivative) / np.abs(product)
    near = _roots.is_near(gate, derivative, float(DOCS[f].root))
    assert near.mean() > 0.2
    assert error[near].max() <= _roots.allowed(dtype)


# --- Reference and documentation -------------------------------------------------------------------------------------


@every_pair
def test_formula_is_that_of_the_reference(name):
    """In the names of activations, as Python; reference.py is judged by formulas of its own."""
    names = {activation: reference.get(activation) for activation in _ufuncs.table}
    gate, up = np.linspace(-3, 3, 13), np.linspace(1, 2, 13)
    assert getattr(fa, name).formula == f"{_ufuncs.gated[name]}(gate) * up"
    np.testing.assert_array_equal(
        eval(getattr(fa, name).formula, names | {"gate": gate, "up": up}), reference.get(name)(gate, up)
    )
    assert f"{_ufuncs.gated[name]}'(gate)" in getattr(fa, name).derivative


@every_pair
def test_reference_halves_as_well(name):
    pair = getattr(fa, name)
    x, dy = make_array((3, 8, 5), np.float64), make_array((3, 4, 5), np.float64, seed=1)
    np.testing.assert_allclose(pair(x, axis=1), pair.reference(x, axis=1), rtol=1e-14)
    np.testing.assert_allclose(
        pair.backward(dy, x, axis=1), pair.backward.reference(dy, x, axis=1), rtol=1e-13, atol=1e-15
    )


def test_there_is_no_other_operation():
    assert _ufuncs.operations("swiglu") == ("forward", "backward")
    with pytest.raises(ValueError, match="swiglu has no 'grad', only forward, backward"):
        _ufuncs.get("swiglu", "grad")
    with pytest.raises(ValueError, match="grad"):
        reference.get("swiglu", "grad")


@every_pair
@pytest.mark.parametrize("operation", OPERANDS)
def test_docstring(name, operation):
    text = _ufuncs.get(name, operation).__doc__
    assert run_examples(text) >= 5
    headings = re.findall(r"^(\w+)\n-+$", text, re.MULTILINE)
    assert headings == ["Parameters", "Returns", "Raises", "Notes", "References", "Examples"]
    parameters = text.partition("Returns\n")[0]
    assert re.findall(r"^(\w+) : ", parameters, re.MULTILINE) == [*OPERANDS[operation], "out", "axis", "where"]
    for dtype in ("float32", "float64"):
        assert f"{_ufuncs.error_bound(name, operation, dtype):g} ULP in {dtype}" in text


# --- One array, to halve ---------------------------------------------------------------------------------------------


@a_pair
@pytest.mark.parametrize(("shape", "axis"), SHAPES, ids=str)
@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout != "left half"])
def test_halves(name, shape, axis, layout):
    pair = getattr(fa, name)
    x = LAYOUTS[layout](shape, make_array)
    up, gate = np.split(x, 2, axis)
    dy = make_array(up.shape, seed=1)
    assert_same(pair(x, axis=axis), pair(gate, up))
    assert_same(pair(x, None, axis=axis), pair(gate, up))
    dgate, dup = pair.backward(dy, gate, up)
    assert_same(pair.backward(dy, x, axis=axis), np.concatenate([dup, dgate], axis))
    assert_same(pair.backward(dy, x, None, axis=axis), np.concatenate([dup, dgate], axis))


@pytest.mark.parametrize(
    ("shape", "axis", "half"), [((3, 0), 1, (3, 0)), ((0, 4), 1, (0, 2)), ((0, 3), 0, (0, 3))], ids=str
)
def test_halves_of_nothing(shape, axis, half):
    x = np.empty(shape, np.float32)
    assert_same(fa.swiglu(x, axis=axis), np.empty(half, np.float32))
    assert_same(fa.swiglu.backward(np.empty(half), x, axis=axis), np.empty(shape))


@a_pair
@pytest.mark.parametrize("threads", [1, 2])
def test_halves_of_a_large_array(name, threads):
    pair = getattr(fa, name)
    x, dy = make_array((60, 4000)), make_array((60, 2000), seed=1)
    with on_threads(threads):
        assert_same(pair(x), composed(name, x[:, 2000:], x[:, :2000]))
        dgate, dup = composed(name, dy, x[:, 2000:], x[:, :2000])
        assert_same(pair.backward(dy, x), np.hstack([dup, dgate]))
        assert_same(pair.backward(dy, x, out=x), np.hstack([dup, dgate]))
        assert_same(x, np.hstack([dup, dgate]))


def test_axis_is_the_last_by_default():
    x = make_array((4, 6))
    assert_same(fa.glu(x), fa.glu(x, axis=1))
    assert_same(fa.glu.backward(1.0, x), fa.glu.backward(1.0, x, axis=1))


def test_out_of_halves():
    x, dy = make_array((4, 6)), make_array((4, 3), seed=1)
    for out in (np.empty((4, 3), np.float32), np.empty((3, 4)).T):
        assert fa.swiglu(x, out=out) is out
        assert_same(out.astype(np.float32), fa.swiglu(x))
        assert fa.swiglu(x, out=(out,)) is out
    for out in (np.empty((4, 6), np.float32), np.empty((6, 4)).T):
        assert fa.swiglu.backward(dy, x, out=out) is out
        assert_same(out.astype(np.float32), fa.swiglu.backward(dy, x))
        assert fa.swiglu.backward(dy, x, out=(out,)) is out
    assert_same(fa.swiglu.backward(dy, x, out=None), fa.swiglu.backward(dy, x))
    assert_same(fa.swiglu.backward(dy, x, out=(None,)), fa.swiglu.backward(dy, x))


def test_memory_order_of_the_gradient_is_that_of_the_array():
    x = np.asfortranarray(make_array((4, 6)))
    assert fa.swiglu.backward(1.0, x).flags.f_contiguous


@pytest.mark.parametrize(
    ("dy", "x", "options", "expected"),
    [
        (1.0, "f", {}, "f"),
        (2, "e", {}, "e"),
        (np.float64(1), "f", {}, "d"),
        (np.ones(3, "f"), "d", {}, "d"),
        (np.ones(3, "f"), "e", {}, "f"),
        (1.0, "l", {}, "d"),
        (1.0, ">f", {}, "f"),
        (1.0, "f", {"dtype": np.float64}, "d"),
        (1.0, "l", {"signature": "fff->ff", "casting": "unsafe"}, "f"),
    ],
)
def test_type_of_the_gradient_is_that_of_the_two_array_form(dy, x, options, expected):
    x = np.arange(6).astype(x)
    got, (dgate, dup) = fa.swiglu.backward(dy, x, **options), fa.swiglu.backward(dy, x[3:], x[:3], **options)
    assert got.dtype.char == dgate.dtype.char == expected
    assert_same(got, np.concatenate([dup, dgate]))


def test_lists_and_options():
    assert_same(fa.glu([3.0, 0.0]), np.array([1.5]))
    assert_same(fa.glu([3, 0], dtype=np.float32), np.float32([1.5]))
    given = np.full(2, 7.0)
    assert_same(fa.glu([3.0, 1.0, 0.0, 0.0], where=[True, False], out=given), np.array([1.5, 7]))


@pytest.mark.parametrize("fast_path", ["0", "1"])
def test_halves_without_the_fast_path(fast_path):
    program = "import fastact as fa; print(fa.glu([3.0, 0.0]), fa.glu.backward(2.0, [3.0, 0.0]))"
    run = run_python(program, FASTACT_FAST_PATH=fast_path)
    assert (run.stdout, run.stderr) == ("[1.5] [1.  1.5]\n", "")


@every_pair
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([np.zeros((2, 5))], {}, ValueError, "^gate: an even length along axis 1 is needed to halve it, not 5$"),
        ([np.zeros((3, 4))], {"axis": 0}, ValueError, "^gate: an even length along axis 0 is needed"),
        ([np.zeros((3, 4))], {"axis": 2}, ValueError, "^axis: 2 is out of bounds"),
        ([1.0], {}, ValueError, "^axis: -1 is out of bounds"),
        ([np.zeros(4)], {"axis": 1.0}, TypeError, "^axis: an int is needed, not float$"),
        ([np.zeros(4)], {"axis": None}, TypeError, "^axis: an int is needed, not NoneType$"),
        ([np.zeros(4), np.zeros(4)], {"axis": 0}, TypeError, "unexpected keyword argument 'axis'; leave it out"),
        ([np.zeros((2, 5))], {"dim": 0}, TypeError, "unexpected keyword argument 'dim'; write axis=$"),
        ([np.zeros(4)], {"axes": 0}, TypeError, "unexpected keyword argument 'axes'"),
        ([np.zeros(4, complex)], {}, TypeError, "supports float16"),
        ([np.zeros(4, np.longdouble)], {}, TypeError, "supports float16"),
        ([np.zeros(4)], {"out": np.zeros(4)}, ValueError, "broadcast"),
        ([], {}, TypeError, "missing required argument 'gate'"),
    ],
)
def test_wrong_arguments_are_named(name, arguments, options, error, message):
    with pytest.raises(error, match=message):
        getattr(fa, name)(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([np.zeros(2), np.zeros(5)], {}, ValueError, "^gate: an even length"),
        ([np.zeros(4), np.zeros(4)], {}, ValueError, "broadcast"),
        ([np.zeros(2), np.zeros(4, complex)], {}, TypeError, "supports float16"),
        ([np.zeros(2), np.zeros(4)], {"out": np.zeros(2)}, ValueError, r"^out: the shape of gate, \(4,\), is needed"),
        ([np.zeros(2), np.zeros(4)], {"out": [0, 0, 0, 0]}, TypeError, "^out: one ndarray is needed"),
        ([np.zeros(2), np.zeros(4)], {"out": (None, None)}, TypeError, "^out: one ndarray is needed"),
        ([np.zeros(2), np.zeros(4)], {"out": np.zeros(4, int)}, TypeError, "casting rule"),
        ([np.zeros(4)], {}, TypeError, "missing required argument 'gate'"),
        ([], {}, TypeError, "missing required argument 'dy'"),
    ],
)
def test_wrong_arguments_of_backward_are_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        fa.swiglu.backward(*arguments, **options)


@every_pair
@pytest.mark.parametrize("up", [-1, 0, 2, True, 10**400, np.int64(-1), np.uint8(1), np.True_], ids=str)
@pytest.mark.parametrize("fast_size", [4, LARGE])
def test_an_integer_for_up_is_refused(name, up, fast_size):
    """It would be the axis in PyTorch's glu, and in those of JAX and Keras."""
    x = make_array(fast_size)
    message = rf"^up: an array or a float is needed, not (numpy\.)?{type(up).__name__}; .*write axis=$"
    for call in (
        lambda: getattr(fa, name)(x, up),
        lambda: getattr(fa, name)(x[::2], up, out=np.empty_like(x[::2])),
        lambda: getattr(fa, name)(x.tolist(), up, dtype=np.float32),
        lambda: getattr(fa, name)(1.0, up),
        lambda: getattr(fa, name).backward(x, x, up),
        lambda: getattr(fa, name).backward(1.0, x, up, where=True),
    ):
        with pytest.raises(TypeError, match=message):
            call()


@every_pair
@pytest.mark.parametrize("up", [-1.0, np.float32(2), np.array(-1), np.array([3]), [2]], ids=str)
def test_other_numbers_for_up_are_taken(name, up):
    x = make_array(6)
    full = np.full(6, up, (x * up).dtype)
    assert_same(getattr(fa, name)(x, up), getattr(fa, name)(x, full))
    assert_same(getattr(fa, name).backward(x, x, up), getattr(fa, name).backward(x, x, full))


def test_a_read_only_out_is_refused_and_left_alone():
    out = np.full(4, 7.0)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        fa.swiglu.backward(1.0, np.zeros(4), out=out)
    assert (out == 7).all()


def test_halves_of_a_dask_array_stay_lazy():
    dask_array = pytest.importorskip("dask.array", reason="dask is not installed")
    x = make_array((10, 40))
    result = fa.swiglu(dask_array.from_array(x, chunks=(3, 20)))
    assert isinstance(result, dask_array.Array)
    assert_same(result.compute(scheduler="synchronous"), fa.swiglu(x))


def test_halves_of_what_has_labels_are_plain_arrays():
    """The halves of a labelled axis have different labels, which no operation could align."""
    x = make_array((3, 4))
    for module, make in (("pandas", "DataFrame"), ("xarray", "DataArray")):
        library = pytest.importorskip(module, reason=f"{module} is not installed")
        result = fa.swiglu(getattr(library, make)(x))
        assert type(result) is np.ndarray
        assert_same(result, fa.swiglu(x))


def test_masked_halves_keep_their_mask():
    x, mask = make_array((3, 4)), make_array((3, 4), bool, seed=1)
    result = fa.swiglu(np.ma.masked_array(x, mask))
    np.testing.assert_array_equal(result.mask, mask[:, :2] | mask[:, 2:])
    np.testing.assert_array_equal(result.compressed(), fa.swiglu(x)[~result.mask])


def test_memory_is_not_lost():
    x, dy = make_array((40, 60)), make_array((40, 30), seed=1)

    def refused():
        with pytest.raises(TypeError, match="axis="):
            fa.swiglu(x, -1)

    calls = [lambda: fa.swiglu(x), lambda: fa.swiglu(x, axis=0), lambda: fa.swiglu.backward(dy, x, out=x), refused]
    for function in calls:
        function()
    before = [sys.getrefcount(thing) for thing in (x, dy, None, fa.swiglu)]
    for function in calls * 20:
        function()
    after = [sys.getrefcount(thing) for thing in (x, dy, None, fa.swiglu)]
    assert np.abs(np.subtract(after, before)).max() < 10


# --- The C functions -------------------------------------------------------------------------------------------------


def library():
    return ctypes.CDLL(str(next(Path(fa.get_library_dir()).glob("libfastact.[sd]*"))))


@every_pair
def test_c_loops_are_those_of_the_two_operations(name):
    core = library()
    core.fa_find.restype = core.fa_get_loop.restype = ctypes.c_void_p
    pair = ctypes.c_void_p(core.fa_find(name.encode()))
    loops = [core.fa_get_loop(pair, operation, 0) for operation in range(len(_ufuncs.OPERATIONS) + 2)]
    operands = {
        _ufuncs.OPERATIONS[k]: (core.fa_loop_inputs(ctypes.c_void_p(loop)), core.fa_loop_outputs(ctypes.c_void_p(loop)))
        for k, loop in enumerate(loops)
        if loop
    }
    assert operands == {"forward": (2, 1), "backward": (3, 2)}


@every_pair
@pytest.mark.parametrize("dtype", TYPES)
def test_c_functions_by_name(name, dtype):
    core = library()
    suffix = "f32" if dtype is np.float32 else "f64"
    dy, gate, up = (make_array(1000, dtype, seed) for seed in range(3))
    y, dgate, dup = np.empty((3, 1000), dtype)

    def run(function, *arrays):
        getattr(core, function)(*(ctypes.c_void_p(array.ctypes.data) for array in arrays), ctypes.c_size_t(1000))

    run(f"fa_{name}_{suffix}", gate, up, y)
    run(f"fa_{name}_backward_{suffix}", dy, gate, up, dgate, dup)
    assert_same(y, computed(name, gate, up))
    assert_same((dgate, dup), computed(name, dy, gate, up))
