"""Ufuncs over arrays of other packages and subclasses, and the methods that NumPy gives them."""

import functools

import numpy as np
import pytest
from calls import (
    ONE_OUTPUT,
    arrays_for,
    assert_same,
    call,
    make_array,
    name_of,
    one_per_path,
    outputs,
    parameters_of,
)
from ufunc_cases import each_path

each_path_with_one_output = pytest.mark.parametrize("ufunc", one_per_path(ONE_OUTPUT), ids=name_of)


class Labelled(np.ndarray):
    """A subclass that any ufunc should return."""


class Override:
    """Takes over every ufunc and tells what it was given."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return ufunc, method, inputs, options


@each_path
def test_subclasses_are_kept(ufunc):
    arrays = arrays_for(ufunc, 20)
    result = outputs(call(ufunc, *(array.view(Labelled) for array in arrays)))
    assert [type(output) for output in result] == [Labelled] * ufunc.nout
    assert_same(tuple(map(np.asarray, result)), call(ufunc, *arrays))
    plain = outputs(call(ufunc, *(array.view(Labelled) for array in arrays), subok=False))
    assert [type(output) for output in plain] == [np.ndarray] * ufunc.nout


@each_path
def test_array_ufunc_takes_over(ufunc):
    """It is given every parameter, in its position."""
    override = Override()
    count = len(arrays_for(ufunc, 1))
    parameters = parameters_of(ufunc)
    got, method, inputs, options = call(ufunc, *[override] * count)
    assert (got, method, options) == (ufunc, "__call__", {})
    assert inputs == (*[override] * count, *parameters.values())


@each_path_with_one_output
def test_masked_arrays_keep_their_mask(ufunc):
    arrays = arrays_for(ufunc, 30)
    mask = make_array(30, bool, seed=9)
    result = call(ufunc, *(np.ma.masked_array(array, mask) for array in arrays))
    assert isinstance(result, np.ma.MaskedArray)
    np.testing.assert_array_equal(result.mask, mask)
    np.testing.assert_array_equal(result.compressed(), call(ufunc, *arrays)[~mask])


@each_path_with_one_output
def test_pandas(ufunc):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    arrays = arrays_for(ufunc, 10)
    index = pandas.Index(range(3, 13))
    result = call(ufunc, *(pandas.Series(array, index) for array in arrays))
    assert isinstance(result, pandas.Series)
    assert result.index.equals(index)
    assert_same(result.to_numpy(), call(ufunc, *arrays))


@each_path_with_one_output
def test_dask(ufunc):
    dask_array = pytest.importorskip("dask.array", reason="dask is not installed")
    arrays = arrays_for(ufunc, 100)
    result = call(ufunc, *(dask_array.from_array(array, chunks=17) for array in arrays))
    assert isinstance(result, dask_array.Array)
    assert_same(result.compute(scheduler="synchronous"), call(ufunc, *arrays))


@each_path_with_one_output
def test_xarray(ufunc):
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    arrays = arrays_for(ufunc, (4, 5))
    result = call(ufunc, *(xarray.DataArray(array, dims=("row", "column")) for array in arrays))
    assert result.dims == ("row", "column")
    assert_same(result.to_numpy(), call(ufunc, *arrays))


@pytest.mark.parametrize("ufunc", one_per_path([ufunc for ufunc in ONE_OUTPUT if ufunc.nin == 1]), ids=name_of)
def test_at(ufunc):
    array = make_array(20)
    expected = array.copy()
    expected[5:6] = ufunc(array[5:6])
    expected[3:4] = ufunc(ufunc(array[3:4]))
    ufunc.at(array, [3, 5, 3])
    assert_same(array, expected)


@pytest.mark.parametrize("ufunc", one_per_path([ufunc for ufunc in ONE_OUTPUT if ufunc.nin == 2]), ids=name_of)
def test_outer(ufunc):
    a, b = make_array(6), make_array(7, seed=1)
    assert_same(ufunc.outer(a, b), ufunc(a[:, np.newaxis], b))


@pytest.mark.parametrize("ufunc", one_per_path([ufunc for ufunc in ONE_OUTPUT if ufunc.nin == 2]), ids=name_of)
def test_reduce_accumulate_and_reduceat(ufunc):
    """Each result is an input of the next, whatever that may mean."""
    array = np.abs(make_array((3, 40), np.float64)) + 1
    running = [array[:, 0]]
    for column in array.T[1:]:
        running.append(ufunc(running[-1], column))
    assert_same(ufunc.accumulate(array, axis=1), np.array(running).T.copy())
    assert_same(ufunc.reduce(array, axis=1), running[-1])
    assert_same(ufunc.reduceat(array, [0, 40 // 2], axis=1)[:, 0].copy(), running[40 // 2 - 1])
    assert_same(ufunc.reduce(array[:, 0]), functools.reduce(ufunc, array[:, 0]))
