"""Arrays of other packages: what softmax, layers and ufuncs with two outputs do with units, labels and lazy arrays."""

import numpy as np
import pytest

import fastact as fa

X = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)
ROW = np.linspace(0.1, 0.3, 3, dtype=np.float32)
CALLS = {  # that return an array like x
    "softmax": fa.softmax,
    "log_softmax": lambda x: fa.log_softmax(x, axis=0),
    "softmin": fa.softmin,
    "softmax.backward": lambda x: fa.softmax.backward(X, x),
    "prelu": lambda x: fa.prelu(x, ROW),
    "prelu.backward": lambda x: fa.prelu.backward(X, x, ROW)[0],
    "bias_act": lambda x: fa.bias_act(x, ROW),
    "bias_act.backward": lambda x: fa.bias_act.backward(X, x, ROW)[0],
    "backward_params": lambda x: fa.swish.backward_params(X, x)[0],
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def with_unit(package):
    module = pytest.importorskip(package, reason=f"{package} is not installed")
    if package == "astropy.units":
        return X * module.m, X * module.dimensionless_unscaled
    if package == "pint":
        registry = module.UnitRegistry()
        return X * registry.meter, X * registry.dimensionless
    return module.unyt_array(X, "m"), module.unyt_array(X, "")


def lazy():
    return pytest.importorskip("dask.array", reason="dask is not installed").from_array(X, chunks=(1, 3))


# --- Units -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["astropy.units", "pint", "unyt"])
def test_units_that_would_be_lost_are_refused(package):
    """As ufuncs refuse them, in the words that are said of masks."""
    for quantity in with_unit(package):
        for call in (*CALLS.values(), fa.logsumexp):
            with pytest.raises(TypeError, match=r"^(x|y): the unit of a .* would be lost; take its value first"):
                call(quantity)
        with pytest.raises(TypeError, match=r"^(bias|weight|beta): the unit of a"):
            fa.bias_act(X, quantity[0])
        with pytest.raises(TypeError, match=r"^beta: the unit of a"):
            fa.swish.backward_params(X, X, beta=quantity[0, 0])
        with pytest.raises(TypeError):
            fa.silu(quantity)


@pytest.mark.parametrize("package", ["astropy.units", "unyt"])
def test_results_have_no_unit(package):
    for quantity in with_unit(package):
        before = np.array(quantity)
        for call in (fa.softmax, lambda x, out: fa.prelu(x, ROW, out=out)):
            with pytest.raises(TypeError, match=r"^out: the unit of a"):
                call(X, out=quantity)
        np.testing.assert_array_equal(before, np.array(quantity))


def test_labels_called_unit_are_labels():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    for labelled in (pandas.DataFrame(X, columns=["unit", "units", "mask"]), xarray.DataArray(X, attrs={"units": "m"})):
        np.testing.assert_array_equal(np.asarray(fa.softmax(labelled)), fa.softmax(X))


# --- Labels ----------------------------------------------------------------------------------------------------------


@each_call
def test_pandas(call):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(X, index=["a", "b"], columns=["p", "q", "r"])
    result = call(frame)
    pandas.testing.assert_frame_equal(result, pandas.DataFrame(call(X), index=frame.index, columns=frame.columns))
    mixed = frame.astype({"q": np.float64})  # columns of several types lie in several pieces of memory
    assert list(call(mixed).columns) == ["p", "q", "r"]
    np.testing.assert_array_equal(call(mixed).to_numpy(), call(X.astype(np.float64)))


def test_pandas_in_one_dimension():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    series = pandas.Series(X[0], index=list("abc"), name="scores")
    pandas.testing.assert_series_equal(fa.softmax(series), pandas.Series(fa.softmax(X[0]), series.index, name="scores"))
    assert isinstance(fa.softmax(pandas.Index(X[0])), pandas.Index)


@each_call
def test_xarray(call):
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    array = xarray.DataArray(X, dims=("row", "column"), coords={"row": [10, 20]}, name="scores")
    result = call(array)
    assert (type(result), result.dims, result.name) == (xarray.DataArray, array.dims, array.name)
    assert result.coords.equals(array.coords)
    np.testing.assert_array_equal(result.values, call(X))


@pytest.mark.parametrize("package", ["pandas.DataFrame", "xarray.DataArray"])
def test_out_is_returned_as_it_is(package):
    module, name = package.split(".")
    labelled = getattr(pytest.importorskip(module, reason=f"{module} is not installed"), name)(X)
    out = np.empty_like(X)
    assert fa.softmax(labelled, out=out) is out
    assert fa.bias_act(labelled, ROW, out=out) is out
    with pytest.raises(TypeError, match=r"^out: an ndarray is needed"):
        fa.softmax(X, out=labelled)


# --- Lazy arrays -----------------------------------------------------------------------------------------------------


@each_call
def test_lazy_arrays_are_not_computed_unasked(call):
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    for array in (lazy(), xarray.DataArray(lazy())):
        with pytest.raises(TypeError, match=r"^(x|y): .* would be computed at once; use its map_blocks, or compute"):
            call(array)
        np.testing.assert_array_equal(call(array.compute()), call(X))


def test_what_to_do_with_lazy_arrays_works():
    array = lazy()
    np.testing.assert_array_equal(array.map_blocks(fa.softmax, dtype=X.dtype).compute(), fa.softmax(X))


def test_two_outputs_of_dask():
    array = lazy()
    dask_array = pytest.importorskip("dask.array", reason="dask is not installed")
    with_keyword, of_pair = lambda x: fa.swish.value_and_grad(x, beta=2), lambda x: fa.swiglu.backward(x, x, x)
    for function in (fa.silu.value_and_grad, with_keyword, of_pair):
        with pytest.raises(
            TypeError, match=r"two outputs, and dask.Array takes only one .* use dask.array.apply_gufunc"
        ):
            function(array)
    results = dask_array.apply_gufunc(fa.silu.value_and_grad, "()->(),()", array, output_dtypes=(X.dtype, X.dtype))
    for result, expected in zip(results, fa.silu.value_and_grad(X), strict=True):
        np.testing.assert_array_equal(result.compute(), expected)


def test_two_outputs_of_polars():
    polars = pytest.importorskip("polars", reason="polars is not installed")
    series = polars.Series(X[0])
    with pytest.raises(TypeError, match=r"silu.value_and_grad\(\) has two outputs, and polars.Series takes only one"):
        fa.silu.value_and_grad(series)
    y, d = fa.silu.value_and_grad(series.to_numpy())
    np.testing.assert_array_equal([y, d], fa.silu.value_and_grad(X[0]))


def test_other_mistakes_are_told_as_before():
    with pytest.raises(TypeError, match="unexpected keyword argument 'gamma'"):
        fa.silu.value_and_grad(X, gamma=1)
    with pytest.raises(TypeError, match="supports float16"):
        fa.silu.value_and_grad(X.astype(complex))
