"""Every function behaves as a NumPy ufunc does."""

import copy
import inspect
import itertools
import operator
import pickle

import numpy as np
import pytest
from calls import (
    LAYOUTS,
    PARAMETRIC,
    UFUNCS,
    activation_of,
    arrays_for,
    assert_same,
    call,
    elementwise,
    laid_out,
    make_array,
    name_of,
    one_per_path,
    outputs,
    parameters_of,
    read_only,
)
from ufunc_cases import FLOATS, each_path, each_path_with_parameters, every_ufunc

import fastact as fa
from fastact import _ufuncs

SUPPORTED = "float16, float32, float64, bool and integers"
INTEGERS = [bool, *"bBhHiIlLqQ"]
every_parametric = pytest.mark.parametrize("ufunc", PARAMETRIC, ids=name_of)


def is_gated(ufunc):
    return ufunc.__name__.partition(".")[0] in _ufuncs.gated


# --- What it is ------------------------------------------------------------------------------------------------------


@every_ufunc
def test_is_a_ufunc_under_its_name(ufunc):
    assert type(ufunc) is np.ufunc
    assert ufunc.__module__ == "fastact"
    assert ufunc.__qualname__ == ufunc.__name__
    assert operator.attrgetter(ufunc.__name__)(fa) is ufunc


@pytest.mark.parametrize("name", _ufuncs.table)
def test_activation_has_its_derivatives_and_formulas(name):
    activation = getattr(fa, name)
    assert name in fa.__all__
    assert activation.formula
    assert activation.derivative
    assert callable(activation.reference)
    for operation in _ufuncs.operations(name)[1:]:
        assert callable(getattr(activation, operation).reference)


def array_names(ufunc):
    operation = ufunc.__name__.partition(".")[2]
    inputs = ["gate", "up"] if is_gated(ufunc) else ["y"] if operation == "backward_from_output" else ["x"]
    return ["dy", *inputs] if operation.startswith("backward") else inputs


@every_ufunc
def test_signature(ufunc):
    signature = ufunc.__signature__
    names = list(signature.parameters)
    parameters = _ufuncs.table[activation_of(ufunc)]
    assert names == [
        *array_names(ufunc),
        *parameters,
        "out",
        *(["axis"] if is_gated(ufunc) else []),
        *("where", "casting", "order", "dtype", "subok", "signature"),
    ]
    for name, default in parameters.items():
        assert signature.parameters[name].default == (inspect.Parameter.empty if default is None else default)
    bound = signature.bind(*arrays_for(ufunc, 3), **parameters_of(ufunc))
    assert_same(ufunc(*bound.args, **bound.kwargs), call(ufunc, *arrays_for(ufunc, 3)))


@every_ufunc
def test_docstring_tells_parameters_and_bound(ufunc):
    assert "ULP" in ufunc.__doc__
    for name in (*array_names(ufunc), *parameters_of(ufunc)):
        assert f"\n{name} : " in ufunc.__doc__


@each_path
def test_pickles_by_name(ufunc):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(ufunc, protocol)) is ufunc


@every_ufunc
def test_copies_are_the_ufunc_itself(ufunc):
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    assert cloudpickle.loads(cloudpickle.dumps(ufunc)) is ufunc
    assert copy.copy(ufunc) is ufunc
    assert copy.deepcopy(ufunc) is ufunc


# --- Types -----------------------------------------------------------------------------------------------------------


@every_ufunc
def test_floats_keep_their_type(ufunc):
    for dtype in FLOATS:
        for output in outputs(call(ufunc, *arrays_for(ufunc, 20, dtype))):
            assert output.dtype == dtype


@each_path
def test_bool_and_integers_count_as_float64(ufunc):
    for dtype in INTEGERS:
        arrays = [np.abs(array).astype(dtype) for array in arrays_for(ufunc, 20, np.int64)]
        assert_same(call(ufunc, *arrays), call(ufunc, *(array.astype(np.float64) for array in arrays)))


@each_path
@pytest.mark.parametrize("dtype", ["F", "D", "G", "g", "O", "U4", "S4", "M8[s]", "m8[s]", "V4"])
def test_other_types_are_refused_by_name(ufunc, dtype):
    arrays = [np.zeros(3, dtype) for _ in arrays_for(ufunc, 3)]
    with pytest.raises(TypeError, match=SUPPORTED):
        call(ufunc, *arrays)
    with pytest.raises(TypeError, match=SUPPORTED):
        call(ufunc, *arrays_for(ufunc, 3), dtype=type(np.dtype(dtype)))


@each_path_with_parameters
@pytest.mark.parametrize("value", [1j, np.longdouble(1), "1", None, np.zeros(3, "O")])
def test_other_types_are_refused_as_parameters(ufunc, value):
    parameters = dict.fromkeys(parameters_of(ufunc), value)
    with pytest.raises(TypeError, match=SUPPORTED):
        ufunc(*arrays_for(ufunc, 3), **parameters)


PROMOTIONS = [  # type of the arrays, parameter, type of the result
    ("e", 1, "e"),
    ("f", 1, "f"),
    ("d", 1, "d"),
    ("e", 0.5, "e"),
    ("f", 0.5, "f"),
    ("d", 0.5, "d"),
    ("?", 1, "d"),
    ("b", 1, "d"),
    ("b", 0.5, "d"),
    ("l", 0.5, "d"),
    ("e", np.float32(0.5), "f"),
    ("f", np.float16(0.5), "f"),
    ("f", np.float64(0.5), "d"),
    ("d", np.float32(0.5), "d"),
    ("f", np.int8(1), "f"),
    ("f", np.int64(1), "d"),
    ("b", np.float32(0.5), "f"),
    ("f", np.array([0.5]), "d"),
    ("e", np.array([0.5], "f"), "f"),
    ("f", [0.5], "d"),
]


@each_path_with_parameters
def test_promotion(ufunc):
    """NumPy's, with integers as float64: a Python number beside an array does not change the type."""
    for dtype, parameter, expected in PROMOTIONS:
        parameters = dict.fromkeys(parameters_of(ufunc), parameter)
        result = outputs(ufunc(*arrays_for(ufunc, 5, dtype), **parameters))
        assert [output.dtype.char for output in result] == [expected] * ufunc.nout, (dtype, parameter)


@each_path
def test_dtype_is_honoured(ufunc):
    for given, wanted in itertools.product(FLOATS, repeat=2):
        arrays = [array.astype(np.float16).astype(given) for array in arrays_for(ufunc, 20)]
        assert_same(call(ufunc, *arrays, dtype=wanted), call(ufunc, *(array.astype(wanted) for array in arrays)))


@each_path
def test_casting_is_honoured(ufunc):
    arrays = arrays_for(ufunc, 20, np.float64)
    with pytest.raises(TypeError, match="casting rule"):
        call(ufunc, *arrays, dtype=np.float32, casting="safe")
    with pytest.raises(TypeError, match="casting rule"):
        call(ufunc, *arrays, out=tuple(np.empty(20, np.float32) for _ in range(ufunc.nout)), casting="no")
    wide = tuple(np.empty(20, np.int64) for _ in range(ufunc.nout))
    call(ufunc, *arrays, out=wide, casting="unsafe")
    for integers, floats in zip(wide, outputs(call(ufunc, *arrays)), strict=True):
        np.testing.assert_array_equal(integers, floats.astype(np.int64))


# --- Operands --------------------------------------------------------------------------------------------------------


@each_path
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(ufunc, layout):
    for dtype in FLOATS:
        arrays = laid_out(ufunc, layout, (3, 5, 7), dtype)
        assert_same(call(ufunc, *arrays), elementwise(ufunc, *arrays))


@each_path
@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
def test_order_is_honoured(ufunc, order):
    arrays = [np.asfortranarray(array) for array in arrays_for(ufunc, (3, 4))]
    for output in outputs(call(ufunc, *arrays, order=order)):
        assert output.flags.c_contiguous == (order == "C")


@each_path
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 5)], ids=str)
def test_empty(ufunc, shape):
    for output in outputs(call(ufunc, *arrays_for(ufunc, shape))):
        assert output.shape == shape
        assert output.dtype == np.float32


@each_path
def test_scalars(ufunc):
    vectors = arrays_for(ufunc, 1, np.float64)
    expected = [output[0] for output in outputs(call(ufunc, *vectors))]
    for arrays in (
        [vector[0] for vector in vectors],
        [vector[0].item() for vector in vectors],
        [vector.reshape(()) for vector in vectors],
    ):
        results = outputs(call(ufunc, *arrays))
        assert [type(result) for result in results] == [np.float64] * ufunc.nout
        assert_same(tuple(map(np.asarray, results)), tuple(map(np.asarray, expected)))


@each_path
def test_lists(ufunc):
    arrays = arrays_for(ufunc, (2, 3), np.float64)
    assert_same(call(ufunc, *(array.tolist() for array in arrays)), call(ufunc, *arrays))


@each_path
def test_inputs_are_left_alone(ufunc):
    arrays = [read_only(array) for array in arrays_for(ufunc, 100)]
    before = [array.copy() for array in arrays]
    call(ufunc, *arrays)
    for array, copied in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copied)


@pytest.mark.parametrize("ufunc", one_per_path([ufunc for ufunc in UFUNCS if ufunc.nin > 1]), ids=name_of)
def test_broadcasting(ufunc):
    shapes = [(4, 1), (5,), (3, 1, 1), (1, 1, 5)][: ufunc.nin]
    operands = [make_array(shape, seed=seed) for seed, shape in enumerate(shapes)]
    full = [np.ascontiguousarray(operand) for operand in np.broadcast_arrays(*operands)]
    assert_same(ufunc(*operands), ufunc(*full))
    with pytest.raises(ValueError, match="broadcast"):
        ufunc(*(np.zeros(2 + k) for k in range(ufunc.nin)))


# --- Parameters ------------------------------------------------------------------------------------------------------


@every_parametric
@pytest.mark.parametrize("dtype", FLOATS)
def test_parameters_by_position_keyword_and_array(ufunc, dtype):
    arrays = arrays_for(ufunc, 50, dtype)
    parameters = {name: value + 0.125 for name, value in parameters_of(ufunc).items()}
    expected = ufunc(*arrays, **parameters)
    assert_same(ufunc(*arrays, *parameters.values()), expected)
    assert_same(ufunc(*arrays, *(np.full(50, value, dtype) for value in parameters.values())), expected)
    assert_same(ufunc(*arrays, **{name: np.array(value, dtype) for name, value in parameters.items()}), expected)
    assert_same(ufunc(*arrays, **{name: [value] * 50 for name, value in parameters.items()}, dtype=dtype), expected)
    assert_same(ufunc(*arrays, **dict(reversed(parameters.items()))), expected)


@each_path_with_parameters
def test_parameters_left_out_have_their_defaults(ufunc):
    defaults = _ufuncs.table[activation_of(ufunc)]
    arrays = arrays_for(ufunc, 50)
    for given in (arrays, [array[::2] for array in arrays], [array.tolist() for array in arrays]):
        if None in defaults.values():
            missing = next(name for name, default in defaults.items() if default is None)
            with pytest.raises(TypeError, match=f"{ufunc.__name__}.*missing.*'{missing}'"):
                ufunc(*given)
        else:
            assert_same(ufunc(*given), ufunc(*given, *defaults.values()))


@each_path_with_parameters
def test_parameters_differ_by_element(ufunc):
    arrays = arrays_for(ufunc, 40)
    rows = [make_array(40, seed=7 + k) ** 2 + 0.5 for k in range(len(parameters_of(ufunc)))]
    result = outputs(ufunc(*arrays, *rows))
    for k in range(40):
        single = ufunc(*(array[k : k + 1] for array in arrays), *(float(row[k]) for row in rows))
        assert_same(tuple(output[k : k + 1] for output in result), single)


@each_path
def test_wrong_arguments_are_named(ufunc):
    arrays = arrays_for(ufunc, 3)
    parameters = parameters_of(ufunc)
    with pytest.raises(TypeError, match="steepness"):
        ufunc(*arrays, *parameters.values(), steepness=1)
    for count in range(1 if is_gated(ufunc) else len(arrays)):  # a pair given all but up halves its last array
        with pytest.raises(TypeError, match=f"missing required argument '{array_names(ufunc)[count]}'"):
            ufunc(*arrays[:count])
    with pytest.raises(TypeError, match="positional arguments"):
        ufunc(*[arrays[0]] * (ufunc.nargs + 1))
    for name in parameters:
        with pytest.raises(TypeError, match=f"multiple values for argument '{name}'"):
            ufunc(*arrays, *parameters.values(), **{name: 1})


# --- Outputs ---------------------------------------------------------------------------------------------------------


def new_outputs(ufunc, shape, dtype=np.float32):
    return tuple(np.full(shape, 7, dtype) for _ in range(ufunc.nout))


@each_path
@pytest.mark.parametrize("dtype", FLOATS)
def test_out(ufunc, dtype):
    arrays = arrays_for(ufunc, (4, 5), dtype)
    expected = call(ufunc, *arrays)
    for layout in ("contiguous", "fortran", "every second column", "backwards", "unaligned", "byte-swapped"):
        given = tuple(LAYOUTS[layout]((4, 5), lambda shape: np.full(shape, 7, dtype)) for _ in range(ufunc.nout))
        result = outputs(call(ufunc, *arrays, out=given))
        assert all(got is out for got, out in zip(result, given, strict=True))
        assert_same(tuple(out.astype(dtype) for out in given), expected)
        positional = outputs(ufunc(*arrays, *parameters_of(ufunc).values(), *given))
        assert all(got is out for got, out in zip(positional, given, strict=True))
    if ufunc.nout == 1:
        (given,) = new_outputs(ufunc, (4, 5), dtype)
        assert call(ufunc, *arrays, out=given) is given
        assert_same(given, expected)
    else:
        given = new_outputs(ufunc, (4, 5), dtype)
        value, derivative = call(ufunc, *arrays, out=(None, given[1]))
        assert derivative is given[1]
        assert_same((value, derivative), expected)
    assert_same(call(ufunc, *arrays, out=(None,) * ufunc.nout), expected)


@each_path
def test_out_of_another_float_type(ufunc):
    arrays = arrays_for(ufunc, 20)
    given = new_outputs(ufunc, 20, np.float64)
    call(ufunc, *arrays, out=given)
    assert_same(given, tuple(output.astype(np.float64) for output in outputs(call(ufunc, *arrays))))


@each_path
def test_out_broadcasts_the_inputs(ufunc):
    arrays = arrays_for(ufunc, 5)
    given = new_outputs(ufunc, (3, 5))
    call(ufunc, *arrays, out=given)
    for got, row in zip(given, outputs(call(ufunc, *arrays)), strict=True):
        np.testing.assert_array_equal(got, np.broadcast_to(row, (3, 5)))


@each_path
def test_bad_out_is_refused_and_left_alone(ufunc):
    arrays = arrays_for(ufunc, 20)
    narrow, integers = new_outputs(ufunc, 19), new_outputs(ufunc, 20, np.int32)
    frozen = tuple(map(read_only, new_outputs(ufunc, 20)))
    for given, error, message in (
        (narrow, ValueError, "broadcast"),
        (integers, TypeError, "casting rule"),
        (frozen, ValueError, "read-only"),
        (new_outputs(ufunc, 20) * 2, ValueError, "tuple"),
        ("out", TypeError, "out|array"),
    ):
        with pytest.raises(error, match=message):
            call(ufunc, *arrays, out=given)
    for array in (*narrow, *integers, *frozen):
        assert (array == 7).all()


@each_path
@pytest.mark.parametrize("dtype", FLOATS)
def test_in_place(ufunc, dtype):
    expected = call(ufunc, *arrays_for(ufunc, 100, dtype))
    for target in range(len(arrays_for(ufunc, 1))):
        arrays = arrays_for(ufunc, 100, dtype)
        given = (arrays[target], np.empty(100, dtype))[: ufunc.nout]
        assert_same(call(ufunc, *arrays, out=given), expected)


@each_path
@pytest.mark.parametrize("shift", [-33, -1, 1, 33])
@pytest.mark.parametrize("step", [1, 2])
def test_overlapping_out_sees_the_inputs_as_they_were(ufunc, shift, step):
    n = 600
    arrays = arrays_for(ufunc, n)
    memory = np.zeros(step * (n + 2 * abs(shift)), np.float32)
    source = memory[::step][abs(shift) :][:n]
    target = memory[::step][abs(shift) + shift :][:n]
    expected = call(ufunc, *arrays)
    source[:] = arrays[-1]
    call(ufunc, *arrays[:-1], source, out=(target, np.empty(n, np.float32))[: ufunc.nout])
    assert_same(target.copy(), outputs(expected)[0])


@each_path
def test_where(ufunc):
    arrays = arrays_for(ufunc, (6, 50))
    mask = make_array((6, 50), bool, seed=9)
    given = new_outputs(ufunc, (6, 50))
    call(ufunc, *arrays, where=mask, out=given)
    for got, full in zip(given, outputs(call(ufunc, *arrays)), strict=True):
        assert_same(got, np.where(mask, full, np.float32(7)))


@each_path
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_floating_point_warning(ufunc, dtype):
    limits = np.finfo(dtype)
    special = np.array(
        [0, -0.0, 1, -1, np.inf, -np.inf, np.nan, limits.max, limits.min, limits.tiny, limits.smallest_subnormal], dtype
    )
    wide = np.concatenate([special, -special, make_array(9000, dtype) * 40])
    for arrays in ([wide] * len(arrays_for(ufunc, 1)), [wide[::2]] * len(arrays_for(ufunc, 1))):
        with np.errstate(all="raise"):
            call(ufunc, *arrays)
